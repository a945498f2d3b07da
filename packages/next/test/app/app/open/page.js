import Link from "next/link";

// biome-ignore lint/style/noDefaultExport: Next finds pages so
export default function Open() {
  return <Link href="/article/one">one</Link>;
}
