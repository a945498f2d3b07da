import { createPaywall, memoryStore } from "@turnpike/core";
import { NextRequest } from "next/server.js";
import { expect, it } from "vitest";
import { paid, paidProxy } from "../src/index.js";

const tolls = createPaywall<NextRequest>({
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  network: "base-sepolia",
  facilitator: "http://127.0.0.1:9",
  store: memoryStore(),
});
const upgrade = () =>
  new NextRequest("http://127.0.0.1/feed", { headers: { connection: "Upgrade", upgrade: "websocket" } });

it("G18 a route handler and a proxy refuse an upgrade, which Next cannot carry, ahead of handler and charge", async () => {
  let runs = 0;
  const handler = paid(tolls, "$0.01", () => {
    runs++;
    return new Response("goods");
  });
  for (const refused of [
    await handler(upgrade(), { params: Promise.resolve({}) }),
    await paidProxy(tolls, "$0.01")(upgrade()),
  ]) {
    expect(refused.status).toBe(501);
    expect(await refused.json()).toMatchObject({ code: "upgrade_not_supported" });
  }
  expect(runs).toBe(0);
});
