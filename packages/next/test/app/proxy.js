import { paidProxy } from "@turnpike/next";
import { tolls } from "./app/lib/tolls.js";

export const proxy = paidProxy(tolls, "$0.01");

export const config = {
  matcher: [
    "/article/:path*",
    "/ssr",
    "/ssg",
    "/premium.txt",
    "/premium.png",
    // With `i18n`, Next serves a page's data under a locale too, and takes this path for none of the page's.
    { source: "/:lang/_next/data/:path*", locale: false },
  ],
};
