import { paid } from "@turnpike/next";
import { run, tolls } from "../../../lib/tolls.js";

export const GET = paid(tolls, "$0.01", async (_request, { params }) => {
  run("slug");
  return Response.json({ premium: (await params).slug });
});
