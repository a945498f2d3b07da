export function getStaticProps() {
  return { props: { text: "premium ssg" } };
}

// biome-ignore lint/style/noDefaultExport: Next finds pages so
export default function Ssg({ text }) {
  return <p>{text}</p>;
}
