import { paid } from "@turnpike/next";
import { notFound } from "next/navigation";
import { tolls } from "../../../lib/tolls.js";

export const GET = paid(tolls, { price: "$0.01", settle: "before" }, async (_request, { params }) => {
  if ((await params).what === "notfound") notFound();
  throw new Error("boom");
});
