import { ConfigError, createPaywall } from "@turnpike/core";
import express, { type Express, Router } from "express";
import { afterEach, describe, expect, it, vi } from "vitest";
import { paid, paywall } from "../src/index.js";
import { answer, answer3, notFound } from "./parts.js";
import { openStand, quietApp, rest } from "./stand.js";

const stand = openStand();
afterEach(() => vi.restoreAllMocks());

/** A logger that keeps what it is told at error level. */
function listen() {
  const errors: { message: string; code: unknown }[] = [];
  const ignore = () => {};
  const error = (message: string, facts?: Readonly<Record<string, unknown>>) => {
    errors.push({ message, code: facts?.code });
  };
  return { errors, logger: { info: ignore, warn: ignore, error } };
}

async function codeAt(app: Express, path: string): Promise<[status: number, code: unknown]> {
  const response = await fetch((await stand.listen(app)) + path);
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  return [response.status, ((await response.json()) as { code: unknown }).code];
}

function misspelt(config = stand.config()) {
  const app = quietApp();
  app.use("/:tenant", paywall({ ...config, routes: { "GET /weather": "$0.01", "GET /wether": "$0.01" } }));
  app.get("/:tenant/weather", answer);
  app.get("/:tenant/free", answer);
  return app;
}

describe("at the first request", () => {
  it("G27 a price that nothing asks is an error in the log, even if only free routes are asked", async () => {
    const { errors, logger } = listen();
    expect(await stand.status(misspelt(stand.config({ logger })), "/acme/free")).toBe(200);
    expect(errors).toEqual([{ code: "route_not_served", message: expect.stringContaining("GET /acme/wether") }]);
  });

  it("without a logger it is a warning of the process", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    expect(await stand.status(misspelt(), "/acme/free")).toBe(200);
    expect(warn.mock.calls.map(([error]) => error)).toEqual([expect.any(ConfigError)]);
    expect(String(warn.mock.calls[0]?.[0])).toContain("GET /acme/wether");
  });

  it("G27b priced paths are refused by the code of the problem, again and again, and free ones go on", async () => {
    const { errors, logger } = listen();
    const app = misspelt(stand.config({ logger }));
    expect(await codeAt(app, "/acme/weather")).toEqual([500, "route_not_served"]);
    expect(await stand.status(app, "/acme/free")).toBe(200);
    expect(await codeAt(app, "/acme/weather")).toEqual([500, "route_not_served"]);
    expect(errors).toHaveLength(1);
  });

  it("a route that is added later puts it right", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const app = misspelt();
    expect(await stand.status(app, "/acme/weather")).toBe(500);
    app.get("/:tenant/wether", answer);
    expect(await stand.status(app, "/acme/weather")).toBe(402);
  });

  it("G10 a gate below a path that a file server, a proxy or a catch-all passes by sells nothing", async () => {
    const { errors, logger } = listen();
    const tolls = createPaywall(stand.config({ logger }));
    const table = quietApp()
      .use("/premium", paywall(tolls, { [`GET /${rest}`]: "$0.01" } as const))
      .use(express.static("."));
    const mounted = quietApp().use("/premium", paid(tolls, "$0.01")).get("/premium/F", answer).use(answer3);
    const inRoute = quietApp().get(`/premium/${rest}`, paid(tolls, "$0.01"), (_req, _res, next) => next());
    inRoute.use(express.static("."));
    const inner = quietApp()
      .use(paywall(tolls, { "GET /:file": "$0.01" }))
      .get("/:file", answer);
    const outer = quietApp().use("/premium", inner).use(notFound);
    for (const app of [table, mounted, inRoute, outer]) {
      expect(await codeAt(app, "/premium/F")).toEqual([500, "gate_bypassed"]);
      expect(await codeAt(app, "/premium/F")).toEqual([500, "gate_bypassed"]);
    }
    expect(errors.map(({ code }) => code)).toEqual(Array(4).fill("gate_bypassed"));
  });

  it("G20 a paywall that sees requests for some of its routes names those that are served ahead of it", async () => {
    const { errors, logger } = listen();
    const app = quietApp();
    app.get("/a", answer);
    app.use(paywall(stand.config({ logger, routes: { "GET /a": "$0.01", "GET /b": "$0.01" } })));
    app.get("/b", answer);
    expect(await codeAt(app, "/b")).toEqual([500, "gate_behind_route"]);
    expect(errors).toEqual([{ code: "gate_behind_route", message: expect.stringContaining("GET /a") }]);
  });

  it("nothing is said about an app within an app whose prices are all asked", async () => {
    const { errors, logger } = listen();
    const inner = quietApp();
    inner.use(paywall(stand.config({ logger, routes: { "GET /weather": "$0.01" } })));
    inner.get("/weather", answer);
    const app = quietApp().use("/inner", inner);
    expect(await stand.status(app, "/inner/weather")).toBe(402);
    expect(errors).toEqual([]);
  });

  it("a paywall that another function calls is where that function says", async () => {
    const { errors, logger } = listen();
    const gate = paywall(stand.config({ logger, routes: { "GET /weather": "$0.01" } }));
    const app = quietApp();
    app.use((req, res, next) => (req.headers["x-internal"] ? next() : gate(req, res, next)));
    app.get("/weather", answer);
    expect(await stand.status(app, "/weather")).toBe(402);
    expect(errors).toEqual([]);
  });

  it("a base that a client has chosen changes nothing about an app that is right", async () => {
    const { errors, logger } = listen();
    const router = Router().use(paywall(stand.config({ logger, routes: { "GET /weather": "$0.01" } })));
    router.get("/weather", answer);
    const app = quietApp().use("/:tenant", router);
    for (const tenant of ["a%2Fb", "..", "%2e%2e", "a;b", "A"]) {
      expect(await stand.status(app, `/${tenant}/weather`), tenant).not.toBe(200);
    }
    expect(await stand.status(app, "/acme/weather")).toBe(402);
    expect(errors).toEqual([]);
  });
});
