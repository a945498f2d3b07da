import { paid } from "@turnpike/next";

/** Asked at the first request: `next build` needs no secrets. */
const payTo = () => process.env.PAY_TO;

export const GET = paid({ payTo, network: "base-sepolia" }, "$0.01", () => Response.json({ weather: "sunny" }));
