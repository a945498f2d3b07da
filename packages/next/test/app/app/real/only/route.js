import { paid } from "@turnpike/next";
import { run, tolls } from "../../lib/tolls.js";

/** Asks nothing of the request, so that Next would prerender it if it were free. */
export const GET = paid(tolls, "$0.01", () => Response.json({ premium: run("only") }));
