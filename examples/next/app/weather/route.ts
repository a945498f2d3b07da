import { paid } from "@turnpike/next";

const { PAY_TO: payTo } = process.env;
if (!payTo)
  throw new Error("Set PAY_TO to your own address, which is to be paid, for example in .env.local: PAY_TO=0x…");

export const GET = paid({ payTo, network: "base-sepolia" }, "$0.01", () => Response.json({ weather: "sunny" }));
