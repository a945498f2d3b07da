import { paywall } from "@turnpike/next";
import { run, tolls } from "../../lib/tolls.js";

const handle = (request) => Response.json({ premium: request.method, run: run("verbs") });

export const { GET, POST, PUT } = paywall(
  { ...tolls, routes: { GET: "$0.01", POST: "free" } },
  { GET: handle, POST: handle, PUT: handle },
);
