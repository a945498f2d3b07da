import { ConfigError } from "@turnpike/core";
import express, { type Express, type Request, type Response, Router } from "express";
import { afterEach, describe, expect, it, vi } from "vitest";
import { paywall } from "../src/index.js";
import { openStand, quietApp, rest } from "./stand.js";

const stand = openStand();
const sell = (...keys: string[]) =>
  paywall(stand.config({ routes: Object.fromEntries(keys.map((key) => [key, "$0.01"])) }));
const answer = (_req: Request, res: Response) => void res.send("ok");

function problemsOf(app: Express | Router): string[] {
  try {
    paywall.check(app);
    return [];
  } catch (error) {
    return (error as ConfigError).problems.map(({ path }) => path);
  }
}

describe("paywall.check", () => {
  it("names every pattern that no route serves, and no other", () => {
    const app = quietApp();
    app.use(express.json(), (_req, _res, next) => next());
    app.use(sell("GET /weather", "POST /weather", "GET /wether", "GET /items/:id", `GET /files/${rest}`));
    app.get("/weather", answer);
    app.get("/items/:item", answer);
    app.get(`/files/${rest}`, answer);
    app.use((_req, res) => void res.status(404).send("not found"));
    expect(problemsOf(app)).toEqual(['routes["POST /weather"]', 'routes["GET /wether"]']);
    expect(() => paywall.check(app)).toThrow(/wether/);
    expect(() => paywall.check(app)).toThrow(ConfigError);
  });

  it("finds routes in routers, below mounts, for every verb, and with a form of their own", () => {
    const deep = Router();
    deep.get("/c/:id", answer);
    const router = Router();
    router.use("/b", deep);
    router.all("/all", answer);
    const app = quietApp();
    app.use(sell("GET /a/b/c/:id", "POST /a/all", "GET /num/:n", "ALL /any"));
    app.use("/a", router);
    app.get(/^\/num\/\d+$/, answer);
    app.delete("/any", answer);
    expect(problemsOf(app)).toEqual([]);
  });

  it("takes a mount's path into account", () => {
    const app = quietApp();
    app.use("/api/v1", sell("GET /weather", "GET /wether"));
    app.get("/api/v1/weather", answer);
    app.get("/wether", answer);
    expect(problemsOf(app)).toEqual(['routes["GET /wether"]']);
  });

  it("looks behind the paywall only: a route ahead of it is served unpaid", () => {
    const app = quietApp();
    app.get("/weather", answer);
    app.use(sell("GET /weather"));
    expect(problemsOf(app)).toEqual(['routes["GET /weather"]']);
  });

  it("does not fail for what it cannot know: mounted functions, apps and files", () => {
    const app = quietApp();
    app.use(sell("GET /proxy/a/b", "GET /sub/x", `GET /premium/${rest}`, "GET /report.pdf"));
    app.use("/proxy", (_req, res, _next) => void res.send("ok"));
    app.use("/sub", quietApp());
    app.use(express.static("."));
    expect(problemsOf(app)).toEqual([]);
  });

  it("says nothing about an app without a paywall or without routes", () => {
    expect(problemsOf(quietApp())).toEqual([]);
    const app = quietApp();
    app.get("/weather", answer);
    expect(problemsOf(app)).toEqual([]);
  });
});

describe("at the first request", () => {
  afterEach(() => vi.restoreAllMocks());

  function misspelt() {
    const app = quietApp();
    app.use("/:tenant", sell("GET /weather", "GET /wether"));
    app.get("/:tenant/weather", answer);
    app.get("/:tenant/free", answer);
    return app;
  }

  it("a pattern that nothing serves is reported, even if only free routes are asked", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    expect(await stand.status(misspelt(), "/acme/free")).toBe(200);
    expect(warn.mock.calls.map(([error]) => error)).toEqual([expect.any(ConfigError)]);
    expect(String(warn.mock.calls[0]?.[0])).toContain("GET /acme/wether");
  });

  it("priced paths then answer an error, and free ones go on", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const app = misspelt();
    expect(await stand.status(app, "/acme/weather")).toBe(500);
    expect(await stand.status(app, "/acme/free")).toBe(200);
    expect(await stand.status(app, "/acme/weather")).toBe(500);
  });

  it("a route that is added later mends it", async () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const app = misspelt();
    expect(await stand.status(app, "/acme/weather")).toBe(500);
    app.get("/:tenant/wether", answer);
    expect(await stand.status(app, "/acme/weather")).toBe(402);
  });

  it("nothing is said about an app whose patterns are all served", async () => {
    const warn = vi.spyOn(process, "emitWarning");
    const inner = quietApp();
    inner.use(sell("GET /weather"));
    inner.get("/weather", answer);
    const app = quietApp();
    app.use("/inner", inner);
    expect(await stand.status(app, "/inner/weather")).toBe(402);
    expect(warn).not.toHaveBeenCalled();
  });
});
