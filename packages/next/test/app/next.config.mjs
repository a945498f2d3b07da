import { fileURLToPath } from "node:url";

// biome-ignore lint/style/noDefaultExport: Next reads its configuration so
export default {
  turbopack: { root: fileURLToPath(new URL("../../../..", import.meta.url)) },
  i18n: { locales: ["en", "fr"], defaultLocale: "en" },
  experimental: { authInterrupts: true },
  // With `locale: false` a source has the locale that Next puts ahead of every path.
  rewrites: async () => ({
    beforeFiles: [{ source: "/:lang/before/:id", destination: "/real/items/:id", locale: false }],
    afterFiles: [{ source: "/:lang/alias/:id", destination: "/real/items/:id", locale: false }],
    fallback: [],
  }),
  redirects: async () => [
    { source: "/:lang/moved/:id", destination: "/real/items/:id", permanent: false, locale: false },
  ],
};
