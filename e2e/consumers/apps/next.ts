import { createServer } from "node:http";
import { createPaywall } from "@turnpike/core";
import { type Paid, paid } from "@turnpike/next";
import { listen } from "./listen.js";
import { type OpenShop, payTo } from "./market.js";

/** A route handler as Next.js calls it, without Next.js: its own builds are made of ES modules. */
export const openNext: OpenShop = async (facilitator) => {
  const tolls = createPaywall({ payTo, network: "base-sepolia", facilitator, reconcileSeconds: 0 });
  const GET = paid(tolls, "$0.01", async (_request: Request, { payment }: Paid) =>
    Response.json({ item: 1, paid: payment?.amount }),
  );
  const server = createServer(async (incoming, outgoing) => {
    const headers = new Headers(incoming.headers as Record<string, string>);
    const request = new Request(`http://${incoming.headers.host}${incoming.url}`, { headers });
    const response = await GET(request, { params: Promise.resolve({}) });
    outgoing.writeHead(response.status, [...response.headers].flat());
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  });
  return listen(server);
};
