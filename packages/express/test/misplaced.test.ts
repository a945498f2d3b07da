import express, { Router } from "express";
import { describe, it } from "vitest";
import { paid, paywall } from "../src/index.js";
import { expectEach, type Misuse } from "./misuse.js";
import { answer, answer3, notFound } from "./parts.js";
import { seemToPass } from "./seeming.js";
import { four, openStand, quietApp, rest } from "./stand.js";

const stand = openStand();

const any = four ? "*" : "/{*any}";
describe("paywall.check refuses", () => {
  it("an app without the gate that was made for it, or without any", () => {
    expectEach(stand.config(), "gate_missing", {
      none: [
        (app) => {
          app.get("/w", answer);
        },
        /free/,
      ],
      unmounted: [
        (app, tolls) => {
          paywall(tolls, { "GET /w": "$1" });
          app.get("/w", answer);
        },
        /GET \/w/,
      ],
      unmountedBeside: [
        (app, tolls) => {
          paywall(tolls, { "GET /w": "$1" });
          app.get("/w", answer);
          app.get("/r", paid(tolls, "$1"), answer);
        },
        /GET \/w/,
      ],
      inUnmountedRouter: [
        (app, tolls) => {
          Router().use(paywall(tolls, { "GET /w": "$1" }));
          app.get("/w", answer);
        },
        /GET \/w/,
      ],
    });
  });

  it("whatever serves a priced path ahead of its gate", () => {
    expectEach(stand.config(), "gate_behind_route", {
      ...Object.fromEntries(
        Object.entries(seemToPass).map(([name, handler]): [string, Misuse] => [
          name,
          [
            (app, tolls) => {
              app.get(any, handler);
              app.get("/w", paid(tolls, "$1"), answer);
            },
            /GET \/w .*app\.use\(handler\)/s,
          ],
        ]),
      ),
      filesAhead: [
        (app, tolls) => {
          app.use(express.static("."));
          app.use(paywall(tolls, { [`GET /api/${rest}`]: "$1" } as const));
          app.get("/api/x", answer);
        },
        /may be served unpaid.*protect\(app/,
      ],
      behind: [
        (app, tolls) => {
          app.get("/w", answer);
          app.use(paywall(tolls, { "GET /w": "$1" }));
        },
        /GET \/w/,
      ],
      behindHead: [
        (app, tolls) => {
          app.head("/w", answer);
          app.use(paywall(tolls, { "GET /w": "$1" }));
          app.get("/w", answer);
        },
        /HEAD \/w/,
      ],
      behind3: [
        (app, tolls) => {
          app.get("/w", answer3);
          app.use(paywall(tolls, { "GET /w": "$1" }));
          app.use(notFound);
        },
        /GET \/\w/,
      ],
      behindAll3: [
        (app, tolls) => {
          app.all("/w", answer3);
          app.use(paywall(tolls, { "GET /w": "$1" }));
          app.use(notFound);
        },
        /GET \/\w/,
      ],
      behindAsync: [
        (app, tolls) => {
          app.get("/w", async (_q, r) => void r.send("x"));
          app.use(paywall(tolls, { "GET /w": "$1" }));
        },
        /GET \/\w/,
      ],
      behindRouter: [
        (app, tolls) => {
          app.use("/api", Router().get("/w", answer));
          app.use(paywall(tolls, { "GET /api/w": "$1" }));
        },
        /GET \/\w/,
      ],
      behindApp: [
        (app, tolls) => {
          const i = quietApp();
          i.get("/w", answer);
          app.use("/api", i);
          app.use(paywall(tolls, { "GET /api/w": "$1" }));
        },
        /GET \/\w/,
      ],
      behindParam: [
        (app, tolls) => {
          app.get("/:page", answer);
          app.use(paywall(tolls, { "GET /w": "$1" }));
          app.get("/w", answer);
        },
        /GET \/\w/,
      ],
      behindFn: [
        (app, tolls) => {
          app.use("/w", answer);
          app.use(paywall(tolls, { "GET /w": "$1" }));
        },
        /GET \/\w/,
      ],
      behindFn3: [
        (app, tolls) => {
          app.use("/w", answer3);
          app.use(paywall(tolls, { "GET /w": "$1" }));
        },
        /GET \/\w/,
      ],
      behindStatic: [
        (app, tolls) => {
          app.use(express.static("."));
          app.use(paywall(tolls, { [`GET /p/${rest}`]: "$1" } as const));
        },
        /GET \/\w/,
      ],
      behindTerminal: [
        (app, tolls) => {
          app.use(notFound);
          app.use(paywall(tolls, { "GET /w": "$1" }));
          app.get("/w", answer);
        },
        /GET \/\w/,
      ],
      behindSection: [
        (app, tolls) => {
          app.get("/api/a", answer);
          app.use(paywall(tolls, { [`GET /api/${rest}`]: "$1" } as const));
          app.get("/api/b", answer);
        },
        /\/api\/a/,
      ],
      behindRegex: [
        (app, tolls) => {
          app.get(/^\/w$/, answer);
          app.use(paywall(tolls, { "GET /w": "$1" }));
        },
        /GET \/\w/,
      ],
      handlerAhead: [
        (app, tolls) => {
          app.get("/w", answer, paid(tolls, "$1"));
        },
        /GET \/w/,
      ],
      handlerAhead3: [
        (app, tolls) => {
          app.get("/w", answer3, paid(tolls, "$1"));
        },
        /GET \/\w/,
      ],
      handlerAheadMore: [
        (app, tolls) => {
          app.get("/w", answer, paid(tolls, "$1"), answer);
        },
        /GET \/\w/,
      ],
      paidBehind: [
        (app, tolls) => {
          app.get("/w", answer);
          app.get("/w", paid(tolls, "$1"), answer);
        },
        /GET \/\w/,
      ],
      paidMountedBehind: [
        (app, tolls) => {
          app.get("/api/u", answer);
          app.use("/api", paid(tolls, "$1"));
        },
        /GET \/\w/,
      ],
      paidRouterBehind: [
        (app, tolls) => {
          const r = Router();
          r.get("/u", answer);
          r.use(paid(tolls, "$1"));
          app.use("/api", r);
        },
        /GET \/\w/,
      ],
    });
  });

  it("a gate below a path that does not cover what it prices", () => {
    expectEach(stand.config(), "gate_misses_path", {
      misses: [
        (app, tolls) => {
          app.use("/v1", paywall(tolls, { "GET /w": "$1" }));
          app.get("/w", answer);
        },
        /GET \/w/,
      ],
      missesWhole: [
        (app, tolls) => {
          app.use("/v1", paywall(tolls, { "GET /v1/w": "$1" }));
          app.get("/v1/w", answer);
        },
        /GET \/\w/,
      ],
      missesRouter: [
        (app, tolls) => {
          const r = Router();
          r.use(paywall(tolls, { "GET /api/w": "$1" }));
          r.get("/w", answer);
          app.use("/api", r);
        },
        /GET \/\w/,
      ],
    });
  });
});
