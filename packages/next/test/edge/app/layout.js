// biome-ignore lint/style/noDefaultExport: Next finds layouts so
export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
