import { createPaywall } from "@turnpike/core";
import express, { Router } from "express";
import { describe, expect, it } from "vitest";
import { paid, paywall, protect } from "../src/index.js";
import { expectEach, type Misuse } from "./misuse.js";
import { answer, answer3, notFound, pass } from "./parts.js";
import { expectRight } from "./right.js";
import { four, openStand, quietApp, rest } from "./stand.js";

const stand = openStand();
const report = () => Router({ mergeParams: true }).get("/report", answer);

describe("paywall.check refuses a price that is narrower than", () => {
  it("G21d a function below a path, which serves everything there", () => {
    expectEach(stand.config(), "price_too_narrow", {
      endpoint: [
        (app, tolls) => {
          app.use(paywall(tolls, { "POST /graphql": "$1" }));
          app.use("/graphql", express.json(), answer3);
        },
        four ? /POST \/graphql\/x.*"POST \/graphql\/\*"/ : /POST \/graphql\/x.*"POST \/graphql\/\*rest"/,
      ],
      everyMethod: [
        (app, tolls) => {
          app.use("/graphql", answer3);
          protect(app, tolls, { "ALL /graphql": "$1" });
        },
        /GET \/graphql\//,
      ],
      handler: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /w": "$1" }));
          app.use("/w", answer);
        },
        /GET \/w\//,
      ],
      inAnApp: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /shop/w": "$1" }));
          app.use("/shop", quietApp().use("/w", answer));
        },
        /GET \/shop\/w\//,
      ],
      inARouter: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /w/1": "$1" }));
          app.use("/w", Router().use(answer3));
        },
        /GET \/w\//,
      ],
      expression: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /report": "$1" }));
          app.use(/^\/report/, answer);
        },
        /GET \/report\//,
      ],
      bare: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /w/:id": "$1", [`GET /w/:id/${rest}`]: "free" } as const));
          app.use("/w", answer);
        },
        /GET \/w t/,
      ],
      routeForAll: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /w/:id": "$1" }));
          app.all(`/w/${rest}`, answer3);
        },
        /GET \/w\/.*\//,
      ],
    });
  });

  it("G21e a router, a function or a route that stands below several paths", () => {
    expectEach(stand.config(), "price_too_narrow", {
      list: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /api/report": "$1" }));
          app.use(["/api", "/v1"], report());
        },
        /GET \/v1\/report/,
      ],
      parameter: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /acme/report": "$1" }));
          app.use("/:tenant", report());
        },
        /GET \/\w+\/report/,
      ],
      sampleOfTheParameter: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /x/report": "$1" }));
          app.use("/:tenant", report());
        },
        /GET \/another\/report/,
      ],
      twice: [
        (app, tolls) => {
          const router = report();
          app.use(paywall(tolls, { "GET /api/report": "$1" }));
          app.use("/api", router);
          app.use("/v1", router);
        },
        /GET \/v1\/report/,
      ],
      section: [
        (app, tolls) => {
          app.use(paywall(tolls, { [`GET /api/${rest}`]: "$1" } as const));
          app.use(["/api", "/v1"], report());
        },
        /GET \/v1\/report/,
      ],
      sectionOfPatterns: [
        (app, tolls) => {
          app.use(paywall(tolls, { [`GET /a/${rest}`]: "$1" } as const));
          app.get([`/a/${rest}`, `/b/${rest}`], answer);
        },
        /GET \/b\//,
      ],
      files: [
        (app, tolls) => {
          app.use(paywall(tolls, { [`GET /files/${rest}`]: "$1" } as const));
          app.use(["/files", "/f"], express.static("."));
        },
        /GET \/f\//,
      ],
      words: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /en/report": "$1" }));
          app.use(/^\/(?:en|de)/, report());
        },
        /GET \/de\/report/,
      ],
      wordsOfARoute: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /weather.json": "$1" }));
          app.get(/^\/weather(\.(json|xml))?$/, answer);
        },
        /GET \/weather/,
      ],
      optional: [
        (app, tolls) => {
          app.use(paywall(tolls, { "GET /report": "$1" }));
          app.use(four ? "/:lang(en|de)?" : /^(?:\/(en|de))?(?=\/)/, report());
        },
        /GET \/\w+\/report/,
      ],
      ...(four
        ? Object.fromEntries(
            [
              ["/weather.(json|xml)", "/weather.xml"],
              ["/we?ather.json", "/wather.json"],
              ["/weather.json(l)?", "/weather.jsonl"],
            ].map(([path, free = ""]): [string, Misuse] => [
              String(path),
              [
                (app, tolls) => {
                  app.use(paywall(tolls, { "GET /weather.json": "$1" }));
                  app.get(String(path), answer);
                },
                new RegExp(`GET ${free.replace(".", "\\.")} `),
              ],
            ]),
          )
        : {}),
      paid: [
        (app, tolls) => {
          app.use("/api", paid(tolls, "$1"));
          app.use(["/api", "/v1"], report());
        },
        /GET \/v1\/report/,
      ],
    });
  });
});

it("G21f the check is content once the rest is priced or opened, and with functions that no price is for", async () => {
  const mount = (app: express.Express) => void app.use("/graphql", express.json(), answer3);
  await expectRight(stand, {
    whole: [
      (app, tolls) => {
        app.use(paywall(tolls, { [`GET /graphql/${rest}`]: "$1" } as const));
        mount(app);
      },
      ["/graphql", "/graphql/", "/graphql/x"],
    ],
    opened: [
      (app, tolls) => {
        app.use(paywall(tolls, { "ALL /graphql": "$1", [`ALL /graphql/${rest}`]: "free" } as const));
        mount(app);
      },
      ["/graphql"],
    ],
    otherMounts: [
      (app, tolls) => {
        app.use(paywall(tolls, { "GET /api/report": "$1", "GET /v1/report": "free", "GET /v2/report": "$2" }));
        app.use(["/api", "/v1", "/v2"], report());
      },
      ["/api/report", "/v2/report"],
    ],
    middleware: [
      (app, tolls) => {
        app.use(paywall(tolls, { "ALL /api/report": "$1", "GET /city/:name": "$1" }));
        app.use("/api", pass);
        app.use("/city", pass);
        app.get("/api/report", answer);
        app.get("/city/berlin", answer);
        app.use("/city", notFound);
        app.use(notFound);
      },
      ["/api/report", "/city/berlin"],
    ],
    middlewareOfSeveral: [
      (app, tolls) => {
        app.use(paywall(tolls, { [`ALL /api/${rest}`]: "$1" } as const));
        app.use(["/api", "/admin"], pass);
        app.use("/api", report().use(notFound));
      },
      ["/api/report"],
    ],
    handlersThatTakeNext: [
      (app, tolls) => {
        app.use(paywall(tolls, { "GET /w": "$1", "GET /v/w": "$1" }));
        app.all(four ? "*" : "/*any", pass);
        app.all("/w", answer3);
        app.use("/w", pass);
        app.use("/v", Router().all("/w", answer3).use(notFound));
      },
      ["/w", "/v/w"],
    ],
    emptyApp: [
      (app, tolls) => {
        app.use(paywall(tolls, { "GET /sub/x": "$1" }));
        app.use("/sub", quietApp());
      },
      ["/sub/x"],
    ],
  });
});

it("G21g the first request finds a price that is narrower than a mounted function, and sells nothing", async () => {
  const errors: unknown[] = [];
  const logger = {
    info() {},
    warn() {},
    error: (_: string, facts?: Readonly<Record<string, unknown>>) => void errors.push(facts?.code),
  };
  const app = quietApp().use(paywall(createPaywall(stand.config({ logger })), { "POST /graphql": "$1" }));
  app.use("/graphql", answer3);
  expect(await stand.status(app, "/graphql", "POST")).toBe(500);
  expect(errors).toEqual(["price_too_narrow"]);
});
