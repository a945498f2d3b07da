import { run } from "../app/lib/tolls.js";

export function getServerSideProps() {
  return { props: { text: `premium ssr ${run("ssr")}` } };
}

// biome-ignore lint/style/noDefaultExport: Next finds pages so
export default function Ssr({ text }) {
  return <p>{text}</p>;
}
