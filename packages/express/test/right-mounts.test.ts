import express, { Router } from "express";
import { it } from "vitest";
import { paid, paywall, protect } from "../src/index.js";
import { answer, answer3, failed, notFound, pass } from "./parts.js";
import { expectRight, type RightApps } from "./right.js";
import { four, openStand, quietApp, rest } from "./stand.js";

const stand = openStand();

const apps: RightApps = {
  paidRoute: [
    (app, tolls) => {
      app.use(express.static("."));
      app.get("/w", pass, paid(tolls, "$1"), answer);
      app.use(express.static("."));
      app.use(notFound);
    },
    ["/w"],
  ],
  paidRoute3: [
    (app, tolls) => {
      app.get("/w/:id", paid(tolls, "$1"), answer3);
      app.use(express.static("."));
      app.use(notFound);
    },
    ["/w/1"],
  ],
  paidRouteErrors: [
    (app, tolls) => {
      app.get("/w/:id", paid(tolls, "$1"), (_req, res, next) => {
        if (res.headersSent) next(new Error("late"));
        else Promise.resolve(res.send("ok")).catch(next);
      });
      app.get("/v/:id", paid(tolls, "$1"), (req, res, next) => (req.params.id === "x" ? next() : res.send("ok")));
      app.use(notFound);
      app.use(failed);
    },
    ["/w/1", "/v/1"],
  ],
  paidForAll: [
    (app, tolls) => {
      app.all(`/premium/${rest}`, paid(tolls, "$1"));
      app.get("/premium/report", answer);
      app.get("/free", answer);
    },
    ["/premium/report", "/premium/x"],
  ],
  routerInItself: [
    (app, tolls) => {
      const router = Router();
      router.get("/w", answer);
      router.use("/again", router);
      app.use(paywall(tolls, { [`GET /r/${rest}`]: "$1" } as const));
      app.use("/r", router);
    },
    ["/r/w", "/r/again/w", "/r/again/again/w"],
  ],
  paidRouteAlone: [
    (app, tolls) => {
      app.get("/w/:id", paid(tolls, "$1"));
      app.get("/w/:id", answer);
      app.use(notFound);
    },
    ["/w/1"],
  ],
  routeAllPaid: [
    (app, tolls) => {
      app.route("/w").all(paid(tolls, "$1")).get(answer).post(answer);
    },
    ["/w"],
  ],
  paidArr: [
    (app, tolls) => {
      app.get(["/a", "/b"], paid(tolls, "$1"), answer);
    },
    ["/a", "/b"],
  ],
  mountedPaid: [
    (app, tolls) => {
      app.use("/api", paid(tolls, "$1"));
      app.get("/api/u", answer);
      app.get("/api/i/:id", answer);
      app.get("/free", answer);
    },
    ["/api/u", "/api/i/1"],
  ],
  mountedPaidRouter: [
    (app, tolls) => {
      const r = Router();
      r.get("/u", answer);
      app.use("/api", paid(tolls, "$1"), r);
      app.get("/:slug", answer);
    },
    ["/api/u"],
  ],
  routerUsePaid: [
    (app, tolls) => {
      const r = Router();
      r.use(paid(tolls, "$1"));
      r.get("/u", answer);
      app.use("/api", r);
      app.get("/", answer);
    },
    ["/api/u"],
  ],
  mountedTable: [
    (app, tolls) => {
      app.use("/api", paywall(tolls, { "GET /u": "$1" }));
      app.get("/api/u", answer);
      app.get("/u", answer);
    },
    ["/api/u"],
  ],
  routerTable: [
    (app, tolls) => {
      const r = Router();
      r.use(paywall(tolls, { "GET /u/:id": "$1" }));
      r.get("/u/:id", answer);
      app.use("/v1", r);
      app.get("/health", answer);
      app.use("/static", express.static("."));
    },
    ["/v1/u/1"],
  ],
  routerTableParam: [
    (app, tolls) => {
      const r = Router();
      r.use(paywall(tolls, { "GET /u/:id": "$1" }));
      r.get("/u/:id", answer);
      app.use("/:tenant/v1", r);
    },
    ["/x/v1/u/1"],
  ],
  mountArr: [
    (app, tolls) => {
      const r = Router();
      r.use(paywall(tolls, { "GET /u": "$1" }));
      r.get("/u", answer);
      app.use(["/a", "/b"], r);
    },
    ["/a/u", "/b/u"],
  ],
  inner: [
    (app, tolls) => {
      const i = quietApp();
      i.use(paywall(tolls, { "GET /u": "$1" }));
      i.get("/u", answer);
      app.use("/in", i);
      app.get("/x", answer);
    },
    ["/in/u"],
  ],
  innerFromOuter: [
    (app, tolls) => {
      const i = quietApp();
      i.get("/u", answer);
      app.use(paywall(tolls, { "GET /in/u": "$1" }));
      app.use("/in", i);
    },
    ["/in/u"],
  ],
  section: [
    (app, tolls) => {
      app.use(paywall(tolls, { [`GET /api/${rest}`]: "$1" } as const));
      app.get("/api/u", answer);
      app.use("/api/i", Router().get("/:id", answer));
      app.use(express.static("."));
      app.use(notFound);
    },
    ["/api/u", "/api/i/2"],
  ],
  filesMounted: [
    (app, tolls) => {
      app.use(paywall(tolls, { [`GET /premium/${rest}`]: "$1" } as const));
      app.use("/premium", express.static("."));
    },
    ["/premium/x"],
  ],
  proxyMounted: [
    (app, tolls) => {
      app.use(paywall(tolls, { [`GET /premium/${rest}`]: "$1" } as const));
      app.use("/premium", answer3);
    },
    ["/premium/x"],
  ],
  strictApp: [
    (app, tolls) => {
      app.set("strict routing", true);
      app.get("/x", paid(tolls, "$1"), answer);
      app.get("/x/", answer);
    },
    ["/x"],
  ],
  protectAfter: [
    (app, tolls) => {
      app.use(pass);
      app.use(express.static("."));
      app.get("/w/:id", answer);
      app.use(notFound);
      app.use(failed);
      protect(app, tolls, { "GET /w/:id": "$1" });
    },
    ["/w/1"],
  ],
  protectBefore: [
    (app, tolls) => {
      protect(app, tolls, { "GET /w/:id": "$1" });
      app.use(pass);
      app.get("/w/:id", answer);
      app.use(notFound);
    },
    ["/w/1"],
  ],
  authAll: [
    (app, tolls) => {
      app.all(four ? "*" : "/*any", pass);
      app.all(`/api/${rest}`, pass);
      app.use("/api", pass);
      app.use(paywall(tolls, { "GET /api/u": "$1" }));
      app.get("/api/u", answer);
      app.use(notFound);
    },
    ["/api/u"],
  ],
  sameTwice: [
    (app, tolls) => {
      app.use(paywall(tolls, { "GET /a": "$1" }));
      app.get("/a", paid(tolls, "$1"), answer);
    },
    ["/a"],
  ],
  freeAhead: [
    (app, tolls) => {
      app.get("/api/health", answer);
      app.use("/api", paid(tolls, "$1"));
      app.get("/api/u", answer);
    },
    ["/api/u"],
  ],
  mountRoot: [
    (app, tolls) => {
      app.use("/shop", paywall(tolls, { "GET /": "$1" }));
      app.get("/shop", answer);
    },
    ["/shop"],
  ],
};

it("the check is content with right apps of routers, mounts and paid routes: every price is asked", async () => {
  await expectRight(stand, apps);
});
