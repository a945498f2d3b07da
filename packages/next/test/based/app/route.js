import { paid } from "@turnpike/next";
import { tolls } from "../lib/tolls.js";

export const GET = paid(tolls, "$0.01", () => Response.json({ premium: true }));
