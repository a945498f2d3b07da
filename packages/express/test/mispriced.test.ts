import express, { Router } from "express";
import { describe, it } from "vitest";
import { paid, paywall } from "../src/index.js";
import { expectEach, type Misuse } from "./misuse.js";
import { answer, answer3, notFound, pass } from "./parts.js";
import { four, openStand, quietApp, rest } from "./stand.js";

const stand = openStand();

describe("paywall.check refuses", () => {
  it("a price for what no route serves", () => {
    expectEach(stand.config(), "route_not_served", {
      misspelt: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /wether": "$1" }));
          app.get("/weather", answer);
          app.use(notFound);
        },
        /GET \/wether/,
      ],
      misspeltMethod: [
        (app, tolls) => {
          app.use(paywall(tolls, { "POST /weather": "$1" }));
          app.get("/weather", answer);
        },
        /POST \/weather/,
      ],
      misspeltSection: [
        (app, tolls) => {
          app.use(paywall(tolls, { [`GET /apis/${rest}`]: "$1" } as const));
          app.get("/api/x", answer);
          app.use(notFound);
        },
        /GET \/\w/,
      ],
      regexBase: [
        (app, tolls) => {
          app.use(/^\/v\d+/, paywall(tolls, { "GET /wether": "$1" }));
          app.get("/v1/weather", answer);
        },
        /GET \/\w/,
      ],
    });
  });

  it("a route that is wider than its price", () => {
    expectEach(stand.config(), "price_too_narrow", {
      narrow: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /w/:id": "$1" }));
          app.get(`/w/${rest}`, answer);
        },
        /GET \/w/,
      ],
      narrowOptional: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /w/:id": "$1" }));
          app.get(four ? "/w/:id?" : "/w{/:id}", answer);
        },
        /GET \/\w/,
      ],
      narrowLiteral: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /w/berlin": "$1" }));
          app.get("/w/:id", answer);
        },
        /GET \/\w/,
      ],
      narrowArray: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /a": "$1" }));
          app.get(["/a", "/b"], answer);
        },
        /GET \/\w/,
      ],
      narrowRegex: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /w/:id": "$1" }));
          app.get(/^\/w\/.*$/, answer);
        },
        /GET \/\w/,
      ],
      narrowRouter: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /w/:id": "$1" }));
          app.use("/w", Router().get(four ? "*" : "/*p", answer));
        },
        /GET \/\w/,
      ],
    });
  });

  it("a price for one file of a file server", () => {
    expectEach(stand.config(), "file_has_other_names", {
      file: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /premium/index.html": "$1" }));
          app.use(express.static("."));
        },
        /\/premium\/\*/,
      ],
      fileMounted: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /premium/report.html": "$1" }));
          app.use("/premium", express.static(".", { extensions: ["html"] }));
        },
        /\/premium\/\*/,
      ],
      fileParam: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /premium/:file": "$1" }));
          app.use("/premium", express.static("."));
        },
        /\/premium\/\*/,
      ],
      fileNoExt: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /premium/report": "$1" }));
          app.use("/premium", express.static("."));
        },
        /\/premium\/\*/,
      ],
    });
  });

  it("two gates that ask different prices of one request", () => {
    expectEach(stand.config(), "priced_twice", {
      twice: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /w": "$1" }));
          app.use(paywall(tolls, { "GET /w": "$2" }));
          app.get("/w", answer);
        },
        /GET \/w/,
      ],
      twicePaid: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /w": "$1" }));
          app.get("/w", paid(tolls, "$2"), answer);
        },
        /GET \/w/,
      ],
      twiceMounted: [
        (app, tolls) => {
          app.use("/w", paid(tolls, "$1"));
          app.get("/w/x", paid(tolls, "$2"), answer);
        },
        /GET \/w/,
      ],
      twiceFn: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /w": () => "$1" }));
          app.get("/w", paid(tolls, "$2"), answer);
        },
        /GET \/w/,
      ],
    });
  });

  it("G10g other spellings of a paid route whose handler passes the request on", () => {
    const log = (req: express.Request, _res: express.Response, next: express.NextFunction) => {
      void req.path;
      next();
    };
    const allowed = (req: express.Request, res: express.Response, next: express.NextFunction) =>
      req.get("x-user") ? next() : res.sendStatus(403);
    const skip = (_req: express.Request, _res: express.Response, next: express.NextFunction) => next("route");
    const later = (_req: express.Request, _res: express.Response, next: express.NextFunction) =>
      void Promise.resolve().then(next);
    const byDefault = ((_req: unknown, _res: unknown, next = () => {}) => next()) as express.RequestHandler;
    const fall: Record<string, Misuse> = {};
    for (const [name, handler] of Object.entries({ log, allowed, skip, later, byDefault })) {
      fall[`${name} to files`] = [
        (app, tolls) => void app.get("/premium/:f", paid(tolls, "$1"), handler).use(express.static(".")),
        /GET/,
      ];
      fall[`${name} to a file by its name`] = [
        (app, tolls) => void app.get("/premium/x", paid(tolls, "$1"), handler).use(express.static(".")),
        /GET/,
      ];
      fall[`${name} to files in a router`] = [
        (app, tolls) => {
          const r = Router().get("/:f", paid(tolls, "$1"), handler).use(express.static("."));
          app.use("/premium", r);
        },
        /GET/,
      ];
      fall[`${name} to a proxy`] = [
        (app, tolls) =>
          void app.get("/premium/:f", paid(tolls, "$1"), handler).use(function proxy(_q, r, _n) {
            r.send("proxied");
          }),
        /proxy/,
      ];
    }
    fall.alwaysToAFunction = [
      (app, tolls) =>
        void app.get(["/premium/x", "/premium/"], paid(tolls, "$1"), log).use((_q, r) => void r.send("proxied")),
      /GET/,
    ];
    expectEach(stand.config(), "gate_bypassed", fall);
  });

  it("other spellings that lead past a gate to what serves the same", () => {
    expectEach(stand.config(), "gate_bypassed", {
      bypStatic: [
        (app, tolls) => {
          app.use("/premium", paywall(tolls, { [`GET /${rest}`]: "$1" } as const));
          app.use(express.static("."));
        },
        /GET/,
      ],
      bypPaidStatic: [
        (app, tolls) => {
          app.use("/premium", paid(tolls, "$1"));
          app.use(express.static("."));
        },
        /GET/,
      ],
      bypPaidRoute: [
        (app, tolls) => {
          app.get(`/premium/${rest}`, paid(tolls, "$1"), pass);
          app.use(express.static("."));
        },
        /GET/,
      ],
      bypProxy: [
        (app, tolls) => {
          app.use("/premium", paywall(tolls, { [`GET /${rest}`]: "$1" } as const));
          app.get("/premium/:f", answer);
          app.use(answer3);
        },
        /GET/,
      ],
      bypNotFound: [
        (app, tolls) => {
          app.use("/premium", paywall(tolls, { [`GET /${rest}`]: "$1" } as const));
          app.get("/premium/:f", answer);
          app.use(notFound);
        },
        /GET/,
      ],
      bypCatch: [
        (app, tolls) => {
          app.use("/premium", paywall(tolls, { [`GET /${rest}`]: "$1" } as const));
          app.get("/premium/:f", answer);
          app.get(four ? "*" : "/*x", answer);
        },
        /GET/,
      ],
      bypRouter: [
        (app, tolls) => {
          const r = Router();
          r.use(paywall(tolls, { "GET /:f": "$1" }));
          r.get("/:f", answer);
          app.use("/premium", r);
          app.use(express.static("."));
        },
        /GET/,
      ],
      bypOuter: [
        (app, tolls) => {
          const i = quietApp();
          i.use(paywall(tolls, { "GET /:f": "$1" }));
          i.get("/:f", answer);
          app.use("/premium", i);
          app.use(express.static("."));
        },
        /GET/,
      ],
      bypForeignProxy: [
        (app, tolls) => {
          app.use("/premium", paywall(tolls, { "GET /:f": "$1" }));
          app.get("/premium/:f", answer);
          app.use("/pub", (_q, r) => void r.send("proxied"));
        },
        /pub/,
      ],
      caseRouter: [
        (app, tolls) => {
          app.set("case sensitive routing", true);
          app.use("/api", paywall(tolls, { "GET /x": "$1" }));
          app.use(Router().get("/api/x", answer));
        },
        /API/,
      ],
      caseRegex: [
        (app, tolls) => {
          app.use(/^\/api/, paywall(tolls, { "GET /x": "$1" }));
          app.get("/api/x", answer);
        },
        /API/,
      ],
      caseInside: [
        (app, tolls) => {
          app.use(Router({ caseSensitive: true }).use("/api", paywall(tolls, { "GET /x": "$1" })));
          app.get("/api/x", answer);
        },
        /API/,
      ],
      casePaid: [
        (app, tolls) => {
          app.use(Router({ caseSensitive: true }).get("/x", paid(tolls, "$1")));
          app.get("/x", answer);
        },
        /X/,
      ],
      strictPaid: [
        (app, tolls) => {
          app.use(Router({ strict: true }).get("/x", paid(tolls, "$1")));
          app.get("/x", answer);
        },
        /x\//,
      ],
    });
  });
});
