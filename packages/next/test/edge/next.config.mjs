import { fileURLToPath } from "node:url";

// biome-ignore lint/style/noDefaultExport: Next reads its configuration so
export default {
  turbopack: { root: fileURLToPath(new URL("../../../..", import.meta.url)) },
};
