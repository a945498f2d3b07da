import { fileURLToPath } from "node:url";

// biome-ignore lint/style/noDefaultExport: Next reads its configuration so
export default {
  turbopack: { root: fileURLToPath(new URL("../../../..", import.meta.url)) },
  basePath: "/shop",
  trailingSlash: true,
  rewrites: async () => [{ source: "/alias/:id/", destination: "/items/:id/" }],
};
