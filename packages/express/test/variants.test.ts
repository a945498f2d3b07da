import { createPaywall, type Price, requirePaid } from "@turnpike/core";
import type express from "express";
import type { Request } from "express";
import { expect, it } from "vitest";
import { paid } from "../src/index.js";
import { openStand, quietApp } from "./stand.js";

const stand = openStand();

it("G04 collects what is owed of one route at no dearer one that shares its path", async () => {
  const tolls = createPaywall<Request>(stand.config({ settle: "before" }));
  const app = quietApp();
  const runs: string[] = [];
  app.get(
    "/report",
    (req, _, next) => next(req.get("x-size") === "large" ? "route" : undefined),
    paid(tolls, "$0.01"),
    (_, res) => {
      runs.push("small");
      res.status(runs.length === 1 ? 500 : 200).json({ size: "small" });
    },
  );
  app.get("/report", paid(tolls, "$50"), (_, res) => {
    runs.push("large");
    res.json({ size: "large" });
  });
  const url = `${await stand.listen(app)}/report`;
  const { response, header } = await stand.buy(url);
  expect(response.status).toBe(500);
  const crossed = await fetch(url, { headers: { "x-size": "large", "payment-signature": header } });
  expect(crossed.status).toBe(409);
  expect(await crossed.json()).toMatchObject({ code: "payment_bound" });
  const collected = await fetch(url, { headers: { "payment-signature": header } });
  expect(await collected.json()).toEqual({ size: "small" });
  expect(runs).toEqual(["small", "small"]);
  expect(stand.charges).toBe(1);
});

it("G16 runs no dear handler for a request that was changed behind its paywall", async () => {
  const tolls = createPaywall<Request>(stand.config());
  const app = quietApp();
  const before = stand.charges;
  const runs: string[] = [];
  const guarded = (name: string, price: Price) => (req: Request, res: express.Response) => {
    requirePaid(req, price);
    runs.push(name);
    res.json({ name });
  };
  app.get("/cheap", paid(tolls, "$0.01"), (req, _, next) => {
    req.url = String(req.query.to ?? "/cheap");
    next("route");
  });
  app.use((req, _, next) => {
    if (req.get("x-http-method-override")) req.method = String(req.get("x-http-method-override"));
    next();
  });
  app.get("/dear", guarded("dear", "$5"));
  app.get("/same", guarded("same", "$0.01"));
  app.delete("/cheap", guarded("override", "$0.01"));
  const origin = await stand.listen(app);
  for (const to of ["/dear", "/same"]) {
    const { response } = await stand.buy(`${origin}/cheap?to=${to}`);
    expect(response.status, to).toBe(500);
  }
  const overridden = await stand.buy(`${origin}/cheap`, { headers: { "x-http-method-override": "DELETE" } });
  expect(overridden.response.status).toBe(500);
  expect(runs).toEqual([]);
  expect(stand.charges).toBe(before);
});
