import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaywall, type Paywall } from "@turnpike/core";
import { rawRequest } from "@turnpike/testing";
import express, { type Express, type NextFunction, type Request, type Response, Router } from "express";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { paid, paywall, protect } from "../src/index.js";
import { openStand, quietApp, rest } from "./stand.js";

const stand = openStand();
const bytes = "premium bytes";
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "turnpike-"));
  mkdirSync(join(folder, "premium"));
  for (const name of ["F", "x", "index.html"]) writeFileSync(join(folder, "premium", name), bytes);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true }));

const goods = (_req: Request, res: Response) => void res.send(bytes);
const own = (_req: Request, res: Response) => void res.send("own bytes");
const passing = (_req: Request, _res: Response, next: NextFunction) => next();
/** What a proxy's upstream makes of the path. */
const upstream = (req: Request, res: Response, next?: NextFunction) => {
  const path = new URL(`http://upstream.example${req.originalUrl.replace(/^\/*/, "/")}`).pathname;
  const whole = decodeURIComponent(path.replaceAll("%2e", ".")).replace(/[\\/]+/g, "/");
  if (/^\/premium\//i.test(new URL(`http://upstream.example${whole}`).pathname)) res.send(bytes);
  else if (next) next();
  else res.status(404).send("none");
};
const proxy = (req: Request, res: Response, next: NextFunction) => upstream(req, res, next);
const section = { [`GET /premium/${rest}`]: "$0.01" } as const;
const below = { [`GET /${rest}`]: "$0.01" } as const;

/** Parts that an app may be made of, in any order. */
const parts: Record<string, (app: Express, tolls: Paywall) => unknown> = {
  table: (app, tolls) => app.use(paywall(tolls, section)),
  mountedTable: (app, tolls) => app.use("/premium", paywall(tolls, below)),
  mountedPaid: (app, tolls) => app.use("/premium", paid(tolls, "$0.01")),
  routePaid: (app, tolls) => app.get(`/premium/${rest}`, paid(tolls, "$0.01"), passing),
  ownHandler: (app, tolls) => app.get("/own/:file", paid(tolls, "$0.01"), own),
  protected: (app, tolls) => protect(app, tolls, section),
  regexpTable: (app, tolls) => app.use(/^\/premium/, paywall(tolls, below)),
  strictTable: (app, tolls) => app.use(Router({ caseSensitive: true }).use("/premium", paywall(tolls, below))),
  innerApp: (app, tolls) => app.use(quietApp().use("/premium", paywall(tolls, below)).get("/premium/:file", goods)),
  route: (app) => app.get("/premium/:file", goods),
  routeForAll: (app) => app.all("/premium/:file", goods),
  router: (app) => app.use("/premium", Router().get("/:file", goods)),
  files: (app) => app.use(express.static(folder)),
  filesBelow: (app) => app.use("/premium", express.static(join(folder, "premium"))),
  terminal: (app) => app.use((req, res) => upstream(req, res)),
  proxy: (app) => app.use(proxy),
  proxyBelow: (app) => app.use("/premium", proxy),
  catchAll: (app) => app.get(`/${rest}`, (req, res) => upstream(req, res)),
  middleware: (app) => app.use(passing),
  auth: (app) => app.use("/premium", passing),
  free: (app) => app.get("/free", (_req, res) => void res.send("free")),
};

/** Those of them that price the section. */
const gates = new Set([
  "table",
  "mountedTable",
  "mountedPaid",
  "routePaid",
  "protected",
  "regexpTable",
  "strictTable",
  "innerApp",
]);

const targets = [
  "/own/F",
  "/%6fwn/F",
  "//own/F",
  "/OWN/F",
  "/x/../own/F",
  "/premium/F",
  "/%70remium/F",
  "//premium/F",
  "/x/../premium/F",
  "/x/%2e%2e/premium/F",
  "/premium%2fF",
  "/PREMIUM/F",
  "/premium/",
  "/premium/%46",
  "/premium//F",
];

it("what the check approves gives nothing away, under any spelling, whatever the app is made of", {
  timeout: 120_000,
}, async () => {
  let approved = 0;
  const app = fc.shuffledSubarray(Object.keys(parts), { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(app, async (names) => {
      const tolls = createPaywall(stand.config());
      const built = quietApp();
      for (const name of names) parts[name]?.(built, tolls);
      try {
        paywall.check(built);
      } catch (error) {
        expect(error).toMatchObject({ name: "ConfigError" });
        return;
      }
      approved++;
      const origin = await stand.listen(built);
      for (const target of targets) {
        const answer = await rawRequest(origin, [`GET ${target} HTTP/1.1`]);
        expect(answer.body.toString(), target).not.toContain("own bytes");
        if (names.some((name) => gates.has(name))) expect(answer.body.toString(), target).not.toContain(bytes);
      }
    }),
    { numRuns: 120 },
  );
  expect(approved).toBeGreaterThan(0);
});

it("protect gives nothing away without a check, whatever the app is made of and wherever it is called", {
  timeout: 120_000,
}, async () => {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const others = Object.keys(parts).filter((name) => !gates.has(name) && name !== "ownHandler");
  const app = fc.shuffledSubarray([...others, "protected"], { minLength: 2, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(app, async (some) => {
      const names = some.includes("protected") ? some : [...some, "protected"];
      const built = quietApp();
      for (const name of names) parts[name]?.(built, createPaywall(stand.config()));
      const origin = await stand.listen(built);
      for (const target of targets) {
        const response = await rawRequest(origin, [`GET ${target} HTTP/1.1`]);
        expect(response.body.toString(), target).not.toContain(bytes);
      }
    }),
    { numRuns: 60 },
  );
});
