import { paid } from "@turnpike/next";
import { run, tolls } from "../../../lib/tolls.js";

export const dynamic = "force-static";
export const GET = paid(tolls, "$0.01", () => Response.json({ premium: run("static") }));
