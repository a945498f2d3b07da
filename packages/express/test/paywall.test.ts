import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPaywall, type Payment } from "@turnpike/core";
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paid, paywall, type RouteTable } from "../src/index.js";
import { four, openStand, quietApp, rest } from "./stand.js";

const stand = openStand();
const sell = (routes: RouteTable<Request>) => paywall(stand.config({ routes }));

describe("a table", () => {
  it("is relative to where its middleware is mounted", async () => {
    const app = quietApp();
    app.use("/api", sell({ "GET /weather": "$0.01" }));
    app.get("/api/weather", (_req, res) => void res.send("sunny"));
    app.get("/weather", (_req, res) => void res.send("free"));
    expect(await stand.status(app, "/api/weather")).toBe(402);
    expect(await stand.status(app, "/api//weather")).not.toBe(200);
    expect(await stand.status(app, "/weather")).toBe(200);
  });

  it("may stand in a router, or in an app that is mounted in another", async () => {
    const inner = express.Router();
    inner.use(sell({ "GET /weather": "$0.01" }));
    inner.get("/weather", (_req, res) => void res.send("sunny"));
    const app = quietApp();
    app.use("/:city", inner);
    expect(await stand.status(app, "/oslo/weather")).toBe(402);

    const mounted = quietApp();
    mounted.use(sell({ "GET /weather": "$0.01" }));
    mounted.get("/weather", (_req, res) => void res.send("sunny"));
    const outer = quietApp();
    outer.use("/sub", mounted);
    expect(await stand.status(outer, "/sub/weather")).toBe(402);
  });

  it("prices a path whatever case and slashes the app's settings let through", async () => {
    for (const setting of ["case sensitive routing", "strict routing"]) {
      for (const on of [true, false]) {
        const app = quietApp();
        app.set(setting, on);
        app.use(sell({ "GET /weather": "$0.01" }));
        app.get("/weather", (_req, res) => void res.send("sunny"));
        for (const path of ["/weather", "/Weather", "/weather/"]) expect(await stand.status(app, path)).toBe(402);
      }
    }
  });

  it("prices what follows a parameter, however long it is", async () => {
    const app = quietApp();
    app.use(sell({ "PUT /:p0/:p1/*": "$0.01", "GET /:p0/*": "$0.01" }));
    app.put(`/:p0/:p1/${rest}`, (_req, res) => void res.send("goods"));
    app.get(`/:p0/${rest}`, (_req, res) => void res.send("goods"));
    paywall.check(app);
    for (const path of ["/42/42/x", "/42/42/x/y"]) expect(await stand.status(app, path, "PUT")).toBe(402);
    for (const path of ["/42/x", "/42/x/y", "/42/%78/y"]) expect(await stand.status(app, path)).toBe(402);
  });

  it("gives price functions the request, and its parameters to the handler as ever", async () => {
    const app = quietApp();
    const price = (req: Request) => (req.query.size === "2" ? "$0.02" : "$0.01");
    app.use(paywall(stand.config({ routes: { "GET /items/:id": price } })));
    app.get("/items/:id", (req, res) => void res.send(req.params.id));
    const origin = await stand.listen(app);
    const { response, challenge } = await stand.buy(`${origin}/items/a%2Fb?size=2`);
    expect(await response.text()).toBe("a/b");
    expect(challenge.accepts[0]?.amount).toBe("20000");
  });

  it("hands the payment to the handler", async () => {
    let seen: Payment | undefined;
    const app = quietApp();
    app.use(sell({ "GET /who": "$0.01" }));
    app.get("/who", (req, res) => {
      seen = req.payment;
      res.send(req.payment?.payer);
    });
    const { response, payload } = await stand.buy(`${await stand.listen(app)}/who`);
    const { from } = (payload.payload as { authorization: { from: string } }).authorization;
    expect((await response.text()).toLowerCase()).toBe(from.toLowerCase());
    expect(seen).toMatchObject({ amount: "10000", network: "eip155:84532", scheme: "exact" });
  });

  it("names the resource by the app's proxy rules", async () => {
    const app = quietApp();
    app.set("trust proxy", "loopback");
    app.use(sell({ "GET /weather": "$0.01" }));
    app.get("/weather", (_req, res) => void res.send("sunny"));
    const lines = ["GET http://evil.example/weather HTTP/1.1", "Host: inner:1", "X-Forwarded-Proto: https"];
    const resource = (header: string | undefined) =>
      JSON.parse(Buffer.from(header ?? "", "base64").toString()).resource.url as string;
    const trusted = await stand.raw(app, ...lines, "X-Forwarded-Host: shop.example:8443, other");
    expect(resource(trusted.header("payment-required"))).toBe("https://shop.example:8443/weather");
    app.set("trust proxy", false);
    const untrusted = await stand.raw(app, ...lines, "X-Forwarded-Host: shop.example");
    expect(resource(untrusted.header("payment-required"))).toBe("http://inner:1/weather");
  });
});

describe("a path that can be read in more than one way", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "turnpike-"));
    for (const name of ["premium", "cheap", "free"]) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "F"), `${name} bytes`);
      writeFileSync(join(folder, name, "index.html"), `${name} index`);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const shop = () => {
    const app = quietApp();
    app.use(sell({ "GET /premium/*": "$5", "GET /cheap/*": "$0.01", "GET /free/*": "free" }));
    app.use(express.static(folder, { dotfiles: "allow" }));
    return app;
  };

  it("costs what any of its readings costs, where files are served by path", async () => {
    const forms = [
      "/premium/F",
      "/premium/",
      "/premium",
      "/PREMIUM/F",
      "/x/../premium/F",
      "/./premium/F",
      "/%2e/premium/F",
      "/x/%2e%2e/premium/F",
      "/x//../premium/F",
      "/.%2fpremium/F",
      "/x%2F..%2Fpremium%2FF",
      "/free%5c..%5cpremium/F",
      "/free/..%5c..%5cpremium/F",
      "/free/../premium/F",
      "/free/%2e%2e/premium/F",
      "/free/..%2fpremium/F",
      "//premium/F",
      "/premium//F",
      "/%70remium/F",
      "/premium/%46",
    ];
    for (const form of forms) {
      const answer = await stand.raw(shop(), `GET ${form} HTTP/1.1`);
      expect(answer.body.toString(), form).not.toContain("premium bytes");
      expect([400, 402], form).toContain(answer.status);
    }
  });

  it("G10 costs what the path behind a broken authority costs, which a catch-all may read", async () => {
    const app = quietApp();
    app.use(sell({ [`GET /premium/${rest}`]: "$0.01" } as const));
    app.use((_req: Request, res: Response) => void res.send("the goods"));
    for (const authority of ["shop.example:4%c0%af43", "shop.example", "a b", "[::1", "user@:99999", ""]) {
      const answer = await stand.raw(app, `GET https://${authority}/premium/report HTTP/1.1`, "Host: shop.example");
      expect(answer.bytes.toString(), authority).not.toContain("the goods");
    }
  });

  it("is refused if the readings have different prices", async () => {
    for (const form of ["/cheap/../premium/F", "/cheap/..%2fpremium/F", "/cheap/..%5cpremium/F"]) {
      const answer = await stand.raw(shop(), `GET ${form} HTTP/1.1`);
      expect([answer.status, JSON.parse(answer.body.toString()).code], form).toEqual([400, "ambiguous_path"]);
    }
  });

  it("leaves what is free, and what has no price, alone", async () => {
    const app = shop();
    app.get("/other/:file", (_req, res) => void res.send("other"));
    expect(await stand.status(app, "/free/F")).toBe(200);
    for (const path of ["/other/a.b", "/other/a%2Fb", "/other/caf%C3%A9", "/other/;x"]) {
      expect(await stand.status(app, path), path).toBe(200);
    }
  });

  it("serves the file once it is paid for", async () => {
    const { response } = await stand.buy(`${await stand.listen(shop())}/cheap/F`);
    expect(await response.text()).toBe("cheap bytes");
  });
});

it("a path that cannot be decoded is answered 400 and runs nothing", async () => {
  let ran = 0;
  const app = quietApp();
  app.use(sell({ "GET /u/:id": "$0.01" }));
  app.use("/u", (_req, res, _next) => {
    ran++;
    res.send("served by path");
  });
  app.get("/u/:id", () => {});
  for (const path of ["/u/%", "/u/%c0", "/u/%E2%80", "/u/a%zz"]) expect(await stand.status(app, path), path).toBe(400);
  expect(ran).toBe(0);
  expect(await stand.status(app, "/u/a/b%c0")).toBe(200);
});

describe("what is charged", () => {
  const failing = (handler: (req: Request, res: Response, next: NextFunction) => void) => {
    const app = quietApp();
    app.use(sell({ "GET /x": "$0.01" }));
    app.get("/x", handler);
    return app;
  };

  it.each([
    [
      "throws",
      () => {
        throw new Error("broke");
      },
    ],
    ["passes an error on", (_req: Request, _res: Response, next: NextFunction) => next(new Error("broke"))],
    ["answers an error", (_req: Request, res: Response) => void res.status(503).json({ error: true })],
    ["writes an error to Node's response", (_req: Request, res: Response) => void res.writeHead(500).end("broke")],
  ])("is nothing when a handler %s", async (_name, handler) => {
    const before = stand.charges;
    const { response, receipt } = await stand.buy(`${await stand.listen(failing(handler as never))}/x`);
    expect(response.status).toBeGreaterThanOrEqual(500);
    expect(receipt).toBeUndefined();
    expect(stand.charges).toBe(before);
  });

  it("is nothing when a handler fails with its answer half written: the connection ends", async () => {
    const before = stand.charges;
    const app = failing((_req, res, next) => {
      res.write("half an answer");
      next(new Error("broke"));
    });
    await expect(stand.buy(`${await stand.listen(app)}/x`)).rejects.toThrow();
    expect(stand.charges).toBe(before);
  });

  it("is a file that the handler sends, byte for byte", async () => {
    const before = stand.charges;
    const app = failing((_req, res) => res.sendFile(import.meta.filename));
    const { response } = await stand.buy(`${await stand.listen(app)}/x`);
    expect(await response.text()).toContain("is a file that the handler sends");
    expect(response.headers.get("etag")).toBeTruthy();
    expect(stand.charges).toBe(before + 1);
  });
});

describe("OPTIONS", () => {
  const secret = (_req: Request, res: Response) => void res.send("secret");

  it("is answered by Express where the route has other verbs", async () => {
    const app = quietApp();
    app.use(sell({ "GET /x": "$0.01" }));
    app.get("/x", secret);
    const answer = await stand.raw(app, "OPTIONS /x HTTP/1.1");
    expect([answer.status, answer.header("allow")]).toEqual([200, expect.stringContaining("GET")]);
  });

  it("reaches a route of its own, and middleware that stands ahead", async () => {
    const app = quietApp();
    app.use((_req, res, next) => {
      res.setHeader("X-Cors", "1");
      next();
    });
    app.use(sell({ "GET /x": "$0.01" }));
    app.options("/x", (_req, res) => void res.status(204).end());
    app.all("/x", secret);
    const answer = await stand.raw(app, "OPTIONS /x HTTP/1.1");
    expect([answer.status, answer.header("x-cors"), answer.header("allow")]).toEqual([204, "1", undefined]);
  });

  it("never runs a handler for every verb", async () => {
    const all = quietApp();
    all.use(sell({ "GET /x": "$0.01" }));
    all.all(four ? "*" : "/*every", (_req, _res, next) => next());
    all.all("/x", (_req, res, _next) => void res.send("secret"));
    const own = quietApp();
    own.all("/x", paid(stand.config(), "$0.01"), secret);
    const below = quietApp();
    const router = express.Router();
    router.use(paid(stand.config(), "$0.01"));
    router.all("/x", secret);
    below.use(router);
    const mounted = quietApp();
    mounted.use(sell({ [`GET /x/${rest}`]: "$0.01" } as const));
    mounted.use("/x", secret);
    const last = quietApp();
    last.use(sell({ "GET /x": "$0.01", [`ALL /${rest}`]: "free" } as const));
    last.all(four ? "*" : "/*every", (_req, res, _next) => void res.send("secret"));
    for (const [name, app] of Object.entries({ all, own, below, mounted, last })) {
      const answer = await stand.raw(app, "OPTIONS /x HTTP/1.1");
      expect(answer.body.toString(), name).not.toContain("secret");
      expect(answer.status, name).toBeLessThan(300);
      expect(await stand.status(app, "/x"), name).toBe(402);
    }
  });

  it("never runs a handler for every verb in an app within the app, wherever it is mounted", async () => {
    const inner = (...gates: RequestHandler[]) => {
      const app = quietApp();
      for (const gate of gates) app.use(gate);
      app.all("/x", secret);
      return app;
    };
    const sold = () => inner(sell({ "GET /x": "$0.01" }));
    const routed = express.Router().use("/y", sold());
    const apps: [path: string, app: Express][] = [
      [
        "/api/x",
        quietApp()
          .use(sell({ "GET /api/x": "$0.01" }))
          .use("/api", inner()),
      ],
      ["/u/1/x", quietApp().use("/u/:id", sold())],
      ["/API/x", quietApp().use("/api", sold())],
      ["/b/x", quietApp().use(["/a", "/b"], sold())],
      ["/z/y/x", quietApp().use("/z", routed)],
    ];
    for (const [path, app] of apps) {
      const answer = await stand.raw(app, `OPTIONS ${path} HTTP/1.1`);
      expect([answer.status, answer.body.toString()], path).toEqual([204, ""]);
      expect(await stand.status(app, path), path).toBe(402);
    }
  });

  it("reaches a route of its own in an app within the app", async () => {
    const app = quietApp();
    app.use(sell({ "GET /x": "$0.01" }));
    app.options("/x", (_req, res) => void res.status(204).set("X-Own", "1").end());
    app.all("/x", secret);
    const answer = await stand.raw(quietApp().use("/u/:id", app), "OPTIONS /u/1/x HTTP/1.1");
    expect([answer.status, answer.header("x-own")]).toEqual([204, "1"]);
  });

  it("is let through everywhere else", async () => {
    const app = quietApp();
    app.use(sell({ "GET /x": "$0.01" }));
    app.all("/y", (_req, res) => void res.send("free"));
    expect(await stand.status(app, "/y", "OPTIONS")).toBe(200);
  });
});

describe("paid", () => {
  it("prices whatever it stands before, with an engine or a configuration", async () => {
    const tolls = createPaywall(stand.config());
    const app = quietApp();
    app.get("/a", paid(tolls, "$0.01"), (_req, res) => void res.send("a"));
    app.get("/b", paid(stand.config(), "$0.02"), (_req, res) => void res.send("b"));
    const origin = await stand.listen(app);
    expect((await stand.buy(`${origin}/a`)).challenge.accepts[0]?.amount).toBe("10000");
    expect((await stand.buy(`${origin}/b`)).challenge.accepts[0]?.amount).toBe("20000");
  });

  it("stops the start for a price that is none", () => {
    expect(() => paid(stand.config(), "0.01" as "$0.01")).toThrow(expect.objectContaining({ name: "ConfigError" }));
  });

  it("works in a router with a path of its own", async () => {
    const router = express.Router();
    router.get(`/deep/${rest}`, paid(stand.config(), "$0.01"), (_req, res) => void res.send("deep"));
    const app = quietApp();
    app.use("/a", router);
    expect((await stand.buy(`${await stand.listen(app)}/a/deep/x/y`)).response.status).toBe(200);
  });
});

it("P23 does not run a function below a path for OPTIONS, since it may answer any verb", async () => {
  const app = quietApp();
  app.use(sell({ [`GET /premium/${rest}`]: "$1" } as const));
  app.use("/premium", (_req, res, _next) => void res.send("paid bytes"));
  const answer = await fetch(`${await stand.listen(app)}/premium/f`, { method: "OPTIONS" });
  expect([answer.status, await answer.text()]).toEqual([204, ""]);
});
