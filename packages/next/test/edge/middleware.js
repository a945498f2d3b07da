import { paidProxy } from "@turnpike/next";
import { tolls } from "./lib/tolls.js";

export const middleware = paidProxy(tolls, "$0.01");

export const config = { matcher: ["/article/:path*"] };
