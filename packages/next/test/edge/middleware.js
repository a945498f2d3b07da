import { paidProxy } from "@turnpike/next";

const tolls = {
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  network: "base-sepolia",
  facilitator: process.env.TEST_FACILITATOR ?? "http://127.0.0.1:9",
};

export const middleware = paidProxy(tolls, "$0.01");

export const config = { matcher: ["/article/:path*"] };
