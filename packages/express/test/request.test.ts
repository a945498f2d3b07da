import { posix } from "node:path";
import express, { type NextFunction, type Request, type Response, Router } from "express";
import { expect, it } from "vitest";
import { paywall } from "../src/index.js";
import { ExpressRequest } from "../src/lib/request.js";
import { answer } from "./parts.js";
import { openStand, quietApp } from "./stand.js";

const stand = openStand();

it("G16 where the app routes a request is the same in every router, app and handler on its way", async () => {
  for (const path of ["/api", "/api/", "/api?x=1", "/api/?x=1", "/api/x?y=%2F", "/api//x", "/api/x/", "/a%70i/x"]) {
    let request: ExpressRequest | undefined;
    const seen: string[] = [];
    const look = (req: Request, _res: Response, next: NextFunction) => {
      request ??= new ExpressRequest(req);
      seen.push(request.routed());
      next();
    };
    const inner = quietApp().use(look, Router().use("/x", look));
    const app = quietApp();
    app.use(look);
    app.use("/api", look, inner);
    app.use(look);
    await stand.status(app, path);
    expect(seen.length, path).toBeGreaterThan(1);
    expect(new Set(seen).size, `${path} ${seen}`).toBe(1);
  }
});

it("G16b a rewrite of the URL or the method is seen by the request that was there before it", async () => {
  const seen: string[] = [];
  const app = quietApp();
  app.use((req, _res, next) => {
    const request = new ExpressRequest(req);
    seen.push(`${request.method} ${request.routed()}`);
    req.url = "/dear?x=1";
    req.method = "POST";
    seen.push(`${request.method} ${request.routed()}`);
    next();
  });
  app.post("/dear", answer);
  expect(await stand.status(app, "/cheap")).toBe(200);
  expect(seen).toEqual(["GET /cheap", "POST /dear?x=1"]);
});

it("G16c what comes before the paywall may rewrite the request: it costs what it was rewritten to", async () => {
  const app = quietApp();
  app.use((req, _res, next) => {
    if (req.headers["x-http-method-override"] === "GET") req.method = "GET";
    if (req.url === "/old") req.url = "/dear";
    next();
  });
  app.use(paywall(stand.config({ routes: { "GET /dear": "$5", "POST /dear": "free" } })));
  app.route("/dear").get(answer).post(express.json(), answer);
  const origin = await stand.listen(app);
  expect((await fetch(`${origin}/dear`, { method: "POST" })).status).toBe(200);
  const headers = { "x-http-method-override": "GET" };
  expect((await fetch(`${origin}/dear`, { method: "POST", headers })).status).toBe(402);
  expect((await fetch(`${origin}/old`)).status).toBe(402);
});

it("G10h a # in the target hides no path from whatever resolves the target by itself", async () => {
  const app = quietApp();
  app.use(paywall(stand.config({ routes: { "GET /:kind": "$1", "GET /premium/x": "$1", "GET /:kind/x": "free" } })));
  app.get("/:kind", answer).get("/:kind/x", answer);
  app.use((req, res, next) => {
    const path = posix.normalize(decodeURIComponent(req.originalUrl.split("?", 1)[0] ?? ""));
    if (path.replace("#x", "") === "/premium/x") res.end();
    else next();
  });
  for (const target of [
    "/a\\x#x",
    "/other/a#/../../premium/x",
    "/other/a#/../%2e%2e/premium/x?y",
    "/other/a%23/../%2e%2e/premium/x",
    "/other/a%3f/%2e%2e/%2e%2e/premium/x",
    "/premium/x#x",
  ]) {
    expect(await stand.status(app, target), target).not.toBe(200);
  }
  expect(await stand.status(app, "/a/x#x")).toBe(200);
  expect(await stand.status(app, "/premium/x")).toBe(402);
});
