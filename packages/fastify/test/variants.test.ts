import { createPaywall } from "@turnpike/core";
import { expect, it } from "vitest";
import { paywall } from "../src/index.js";
import { listen, openTill } from "./till.js";

const till = openTill();

it("G04 collects what is owed of one version of a route at no dearer one", async () => {
  const app = till.app();
  const runs: string[] = [];
  await app.register(paywall, { tolls: createPaywall(till.config({ settle: "before" })) });
  app.get("/x", { constraints: { version: "1.0.0" }, config: { paywall: "$0.01" } }, async (_, reply) => {
    runs.push("cheap");
    return reply.code(runs.length === 1 ? 500 : 200).send({ cheap: true });
  });
  app.get("/x", { constraints: { version: "2.0.0" }, config: { paywall: "$50" } }, async () => {
    runs.push("dear");
    return { dear: true };
  });
  const { origin, ask } = await listen(app);
  const { response, header } = await till.buyer.buy(`${origin}/x`, { headers: { "accept-version": "1.0.0" } });
  expect(response.status).toBe(500);
  const crossed = await ask("/x", { headers: { "accept-version": "2.0.0", "payment-signature": header } });
  expect(crossed.status).toBe(409);
  expect(await crossed.json()).toMatchObject({ code: "payment_bound" });
  const collected = await ask("/x", { headers: { "accept-version": "1.0.0", "payment-signature": header } });
  expect(await collected.json()).toEqual({ cheap: true });
  expect(runs).toEqual(["cheap", "cheap"]);
  expect(till.charges).toBe(1);
});
