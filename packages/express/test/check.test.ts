import { ConfigError } from "@turnpike/core";
import express, { type Express, type Request, type Response, Router } from "express";
import { describe, expect, it } from "vitest";
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

  it("does not fail for what it cannot know: sections of mounted functions, apps without routes, folders of files", () => {
    const app = quietApp();
    app.use(sell(`GET /proxy/a/${rest}`, "GET /sub/x", `GET /premium/${rest}`));
    app.use("/proxy", (_req, res, _next) => void res.send("ok"));
    app.use("/sub", quietApp());
    app.use(express.static("."));
    expect(problemsOf(app)).toEqual([]);
  });

  it("reads the routes of apps that are mounted in the app", () => {
    const inner = quietApp();
    inner.get("/weather", answer);
    const app = quietApp();
    app.use(sell("GET /inner/weather", "GET /inner/wether"));
    app.use("/inner", inner);
    expect(problemsOf(app)).toEqual(['routes["GET /inner/wether"]']);
  });

  it("runs nothing of the app", () => {
    let runs = 0;
    const run = (_req: Request, _res: Response, next: () => void) => {
      runs++;
      next();
    };
    const inner = quietApp();
    inner.use(run);
    inner.get("/weather", run, answer);
    const app = quietApp();
    app.param("id", (_req, _res, next) => run(_req, _res, next));
    app.use(run, sell("GET /inner/weather", "GET /items/:id"));
    app.use("/inner", inner);
    app.get("/items/:id", run, answer);
    expect(problemsOf(app)).toEqual([]);
    expect(runs).toBe(0);
  });

  it("forgets a paywall that another app missed", () => {
    const missing = quietApp();
    missing.get("/weather", answer);
    sell("GET /weather");
    expect(problemsOf(missing)).toEqual(['routes["GET /weather"]']);
    const app = quietApp();
    app.use(sell("GET /other"));
    app.get("/other", answer);
    app.get("/weather", answer);
    expect(problemsOf(app)).toEqual([]);
    expect(problemsOf(missing)).toEqual(['routes["GET /weather"]']);
  });
});
