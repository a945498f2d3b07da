import { paid } from "@turnpike/next";
import { run, tolls } from "../../../lib/tolls.js";

/** Of 30 MiB: too much to be kept, little enough to be held. */
export const GET = paid(tolls, { price: "$0.01", holdBytes: 64 << 20 }, async (_request, { params }) => {
  const { what } = await params;
  run(`large ${what}`);
  const bytes = new Uint8Array(30 << 20);
  return new Response(what === "whole" ? bytes : new Blob([bytes]).stream());
});
