import { paid } from "@turnpike/next";
import { run, tolls } from "../../../lib/tolls.js";

export const revalidate = 60;
export const generateStaticParams = () => [{ id: "1" }];
export const GET = paid(tolls, "$0.01", () => Response.json({ premium: run("revalidated") }));
