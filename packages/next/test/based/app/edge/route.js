import { paid } from "@turnpike/next";
import { tolls } from "../../lib/tolls.js";

export const runtime = "edge";
export const GET = paid(tolls, "$0.01", (request) =>
  Response.json({ premium: true, url: request.url, base: request.nextUrl.basePath }),
);
