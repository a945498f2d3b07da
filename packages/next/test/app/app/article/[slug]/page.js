import { run } from "../../lib/tolls.js";

export const dynamic = "force-dynamic";

async function act() {
  "use server";
  run("action");
}

// biome-ignore lint/style/noDefaultExport: Next finds pages so
export default async function Article({ params }) {
  run("article");
  const { slug } = await params;
  if (slug === "broken") throw new Error("broken");
  return (
    <form action={act}>
      <p>premium {slug}</p>
    </form>
  );
}
