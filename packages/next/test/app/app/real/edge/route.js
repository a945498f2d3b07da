import { paid } from "@turnpike/next";
import { tolls } from "../../lib/tolls.js";

export const runtime = "edge";
export const GET = paid(tolls, "$0.01", (request, { payment }) =>
  Response.json({ premium: true, edge: typeof EdgeRuntime, payer: payment.payer, url: request.url }),
);
export const POST = paid(tolls, "$0.01", async (request) => new Response(await request.text()));
