import { paid } from "@turnpike/next";
import { run, tolls } from "../../../lib/tolls.js";

export const GET = paid(tolls, "$0.01", async (_request, { params, payment }) => {
  run("items");
  return Response.json({ premium: (await params).id, payer: payment.payer });
});
