import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const open = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
  "Access-Control-Allow-Headers": "*",
  "Access-Control-Expose-Headers": "PAYMENT-REQUIRED, PAYMENT-RESPONSE",
};

/** @type {import("next").NextConfig} */
export default {
  // The packages of this workspace lie outside this folder.
  turbopack: { root },
  outputFileTracingRoot: root,
  transpilePackages: ["@turnpike/shop-shared"],
  // `pnpm check` does that, for the whole repository.
  typescript: { ignoreBuildErrors: true },
  headers: async () => [{ source: "/:path*", headers: Object.entries(open).map(([key, value]) => ({ key, value })) }],
};
