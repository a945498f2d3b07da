export const dynamic = "force-dynamic";

// biome-ignore lint/style/noDefaultExport: Next finds pages so
export default async function Article({ params }) {
  return <p>premium {(await params).slug}</p>;
}
