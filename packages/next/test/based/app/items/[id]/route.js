import { paid, paywall } from "@turnpike/next";
import { tolls } from "../../../lib/tolls.js";

export const GET = paid(tolls, "$0.01", async (request, { params }) =>
  Response.json({ premium: (await params).id, url: request.url, base: request.nextUrl.basePath }),
);
export const { POST } = paywall(
  { ...tolls, routes: { POST: "$0.02" } },
  { POST: () => Response.json({ premium: true }) },
);
