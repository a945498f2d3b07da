import express from "express";
import { it } from "vitest";
import { paid, paywall, protect } from "../src/index.js";
import { answer, answer3, failed, notFound, pass } from "./parts.js";
import { expectRight, type RightApps } from "./right.js";
import { four, openStand, rest } from "./stand.js";

const stand = openStand();

const any = four ? "*" : "/{*any}";
const noop = () => {};
/** Its `length` is 2. */
const byDefault = (_req: unknown, _res: unknown, next: () => void = noop) => next();

const apps: RightApps = {
  passingRoute: [
    (app, tolls) => {
      app.get(any, (_req, _res, next) => next());
      app.get(any, function stamp(req, res, next) {
        res.set("x-seen", req.method);
        Object.assign(req.headers, { "x-at": Date.now() });
        next();
      });
      app.get(any, (req, res, next) => {
        // What it's asked for; "next" is not ours.
        const _agent = req.get("user-agent");
        res.locals.at = Date.now();
        res.setHeader("x-path", req.path);
        res.set({ "x-a": "it's; so", "x-b": req.method });
        return next();
      });
      app.get("/w", paid(tolls, "$1"), answer);
      app.get(any, (_req, _res, next) => {
        next();
      });
      app.use(paywall(tolls, { "GET /t": "$1" }));
      app.get("/t", answer);
      app.use(notFound);
    },
    ["/w", "/t"],
  ],
  passingRouteBehind: [
    (app, tolls) => {
      app.get(any, (_req, _res, next) => next());
      app.get("/w", answer);
      protect(app, tolls, { "GET /w": "$1" });
    },
    ["/w"],
  ],
  defaults: [
    (app, tolls) => {
      app.use(byDefault as never);
      app.get("/p", byDefault as never, paid(tolls, "$1"), byDefault as never, answer);
      app.use(paywall(tolls, { "GET /t": "$1" }));
      app.use(byDefault as never);
      app.get("/t", byDefault as never, answer);
    },
    ["/p", "/t"],
  ],
  defaultsAhead: [
    (app, tolls) => {
      app.use(byDefault as never);
      app.use(function older(_req: unknown, _res: unknown) {
        // biome-ignore lint/complexity/noArguments: as compilers for older engines write a default
        const next: unknown = arguments.length > 2 ? arguments[2] : noop;
        (next as () => void)();
      } as never);
      app.get("/w", answer);
      protect(app, tolls, { "GET /w": "$1" });
    },
    ["/w"],
  ],
  filesAhead: [
    (app, tolls) => {
      app.use(express.static("."));
      protect(app, tolls, { [`GET /api/${rest}`]: "$1" } as const);
      app.get("/api/x", answer);
    },
    ["/api/x", "/api//x"],
  ],
  simple: [
    (app, tolls) => {
      app.use(express.json(), pass);
      app.use(paywall(tolls, { "GET /w": "$1" }));
      app.get("/w", answer);
      app.use(notFound);
      app.use(failed);
    },
    ["/w"],
  ],
  handlers3: [
    (app, tolls) => {
      app.use(paywall(tolls, { "GET /w": "$1" }));
      app.get("/w", pass, answer3);
      app.use(notFound);
    },
    ["/w"],
  ],
  routeObj: [
    (app, tolls) => {
      app.use(paywall(tolls, { "GET /w": "$1", "POST /w": "$2" }));
      app.route("/w").get(answer).post(answer);
    },
    ["/w"],
  ],
  tableArr: [
    (app, tolls) => {
      app.use(paywall(tolls, { "GET /a": "$1", "GET /b": "$1" }));
      app.get(["/a", "/b"], answer);
    },
    ["/a", "/b"],
  ],
  sectionAll: [
    (app, tolls) => {
      app.use(paywall(tolls, { [`ALL /api/${rest}`]: "$1" } as const));
      app.post("/api/u", answer);
      app.use(notFound);
    },
    [],
  ],
  whole: [
    (app, tolls) => {
      app.use(paywall(tolls, { [`ALL /${rest}`]: "$1" } as const));
      app.use((_q, r) => void r.send("proxied"));
    },
    ["/any/thing"],
  ],
  files: [
    (app, tolls) => {
      app.use(paywall(tolls, { [`GET /premium/${rest}`]: "$1" } as const));
      app.use(express.static("."));
      app.use(notFound);
    },
    ["/premium/x"],
  ],
  proxyRoute: [
    (app, tolls) => {
      app.use(paywall(tolls, { [`GET /premium/${rest}`]: "$1" } as const));
      app.all(`/premium/${rest}`, answer3);
    },
    ["/premium/x"],
  ],
  spa: [
    (app, tolls) => {
      app.use(paywall(tolls, { "GET /api/x": "$1", [`GET /files/${rest}`]: "$1" } as const));
      app.get("/api/x", answer);
      app.use(express.static("."));
      app.get(four ? "*" : "/*any", answer);
    },
    ["/api/x", "/files/a"],
  ],
  regexRoute: [
    (app, tolls) => {
      app.use(paywall(tolls, { "GET /num/:n": "$1" }));
      app.get(/^\/num\/\d+$/, answer);
    },
    ["/num/5"],
  ],
  regexMount: [
    (app, tolls) => {
      app.use(/^\/api/i, paywall(tolls, { "GET /x": "$1" }));
      app.get("/api/x", answer);
    },
    ["/api/x", "/API/x"],
  ],
  caseApp: [
    (app, tolls) => {
      app.set("case sensitive routing", true);
      app.use(paywall(tolls, { "GET /Api/x": "$1" }));
      app.get("/Api/x", answer);
    },
    ["/Api/x"],
  ],
  twoTables: [
    (app, tolls) => {
      app.use(paywall(tolls, { "GET /a": "$1" }));
      app.use(paywall(tolls, { "GET /b": "$1" }));
      app.get("/a", answer);
      app.get("/b", answer);
    },
    ["/a", "/b"],
  ],
  openRest: [
    (app, tolls) => {
      app.use(paywall(tolls, { "GET /w/:id": "$1", [`GET /w/${rest}`]: "free" } as const));
      app.get(`/w/${rest}`, answer);
    },
    ["/w/1"],
  ],
  city: [
    (app, tolls) => {
      app.use(paywall(tolls, { "GET /city/:name": "$1" }));
      app.get("/city/berlin", answer);
      app.get("/city/paris", answer);
    },
    ["/city/berlin"],
  ],
  param: [
    (app, tolls) => {
      app.param("id", (_q, _r, n) => n());
      app.use(paywall(tolls, { "GET /w/:id": "$1" }));
      app.get("/w/:id", answer);
    },
    ["/w/1"],
  ],
  optional: [
    (app, tolls) => {
      app.use(paywall(tolls, { [four ? "GET /o/:id?" : "GET /o{/:id}"]: "$1" }));
      app.get(four ? "/o/:id?" : "/o{/:id}", answer);
    },
    ["/o", "/o/1"],
  ],
  root: [
    (app, tolls) => {
      app.use(paywall(tolls, { "GET /": "$1" }));
      app.get("/", answer);
      app.get("/x", answer);
      app.use(notFound);
    },
    ["/"],
  ],
  conditional: [
    (app, tolls) => {
      const g = paywall(tolls, { "GET /w": "$1" });
      app.use(g);
      app.get("/w", answer);
    },
    ["/w"],
  ],
};

it("the check is content with right apps whose table stands at the root: every price is asked", async () => {
  await expectRight(stand, apps);
});
