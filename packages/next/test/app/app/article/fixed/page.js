/** Prerendered at build. */
// biome-ignore lint/style/noDefaultExport: Next finds pages so
export default function Fixed() {
  return <p>premium fixed</p>;
}
