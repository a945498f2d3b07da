import express, { Router } from "express";
import { expect, it } from "vitest";
import { paid, protect } from "../src/index.js";
import { expectEach } from "./misuse.js";
import { answer, answer3, pass } from "./parts.js";
import { expectRight } from "./right.js";
import { openStand, quietApp, rest } from "./stand.js";

const stand = openStand();
const own = (_req: express.Request, res: express.Response) => void res.status(204).set("X-Own", "1").end();
const work = (_req: express.Request, res: express.Response) => void res.set("X-Work", "1").send("goods");
const work3 = (req: express.Request, res: express.Response, _next: express.NextFunction) => work(req, res);

async function optionsOf(app: express.Express, path: string): Promise<unknown[]> {
  const response = await stand.raw(app, `OPTIONS ${path} HTTP/1.1`);
  return [response.status, response.header("x-own"), response.header("x-work"), response.body.toString()];
}

it("G15d OPTIONS runs no handler that is registered for another method too, in a registration of its own", async () => {
  for (const handler of [work, work3]) {
    const apps: Record<string, (app: express.Express) => void> = {
      behind: (app) => void app.get("/x", handler).options("/x", handler),
      ahead: (app) => void app.options("/x", pass, handler).get("/x", handler),
      everyMethod: (app) => void app.options("/x", handler).all("/x", handler),
      mounted: (app) => void app.options("/x", handler).use("/x", handler),
      router: (app) => void app.use("/x", Router().options("/", handler).get("/", handler)),
      aheadOfItsOwn: (app) => void app.route("/x").all(work).options(own),
    };
    for (const [name, build] of Object.entries(apps)) {
      const app = quietApp();
      build(app);
      protect(app, stand.config(), { [`GET /x/${rest}`]: "$0.01" } as const);
      expect(await optionsOf(app, "/x"), name).toEqual([204, undefined, undefined, ""]);
      expect(await stand.status(app, "/x"), name).toBe(402);
    }
  }
});

it("G15e OPTIONS runs no function at the root of a router that is mounted below a path", async () => {
  for (const handler of [work, work3]) {
    const app = quietApp()
      .use("/x", Router().use(handler))
      .use("/y", Router().use("/z", Router().use(handler)));
    protect(app, stand.config(), { [`ALL /x/${rest}`]: "$0.01", [`ALL /y/z/${rest}`]: "$0.01" } as const);
    for (const path of ["/x", "/x/1", "/y/z", "/y/z/1"]) {
      expect(await optionsOf(app, path), path).toEqual([204, undefined, undefined, ""]);
    }
  }
});

it("G15f OPTIONS reaches a route of its own, whose middleware other methods have too", async () => {
  const cors = (_req: express.Request, res: express.Response, next: express.NextFunction) => {
    res.set("X-Own", "1");
    next();
  };
  const apps: Record<string, (app: express.Express) => void> = {
    shared: (app) => void app.get("/x", pass, work).options("/x", pass, own),
    middlewareAlone: (app) => void app.get("/x", cors, work).options("/x", cors, own),
    oneRoute: (app) => void app.route("/x").all(pass).get(work).options(own),
    router: (app) => void app.use("/x", Router().options("/", own).get("/", work)),
    parser: (app) => void app.use("/x", Router().use(express.json()).options("/", own).get("/", work)),
  };
  for (const [name, build] of Object.entries(apps)) {
    const app = quietApp();
    build(app);
    protect(app, stand.config(), { "GET /x": "$0.01" });
    expect(await optionsOf(app, "/x"), name).toEqual([204, "1", undefined, ""]);
  }
});

it("G15g the check refuses a paid handler that OPTIONS or HEAD has in a registration of its own", async () => {
  expectEach(stand.config(), "gate_bypassed", {
    options: [(app, tolls) => void app.get("/x", paid(tolls, "$1"), answer).options("/x", answer), /OPTIONS \/x/],
    optionsAhead: [
      (app, tolls) => void app.options("/x", answer3).get("/x", paid(tolls, "$1"), answer3),
      /OPTIONS \/x/,
    ],
    optionsOfMore: [
      (app, tolls) => void app.options(`/w/${rest}`, answer).get("/w/:id", paid(tolls, "$1"), answer),
      /OPTIONS \/w\//,
    ],
    head: [(app, tolls) => void app.head("/x", answer).get("/x", paid(tolls, "$1"), answer), /HEAD \/x/],
  });
  await expectRight(stand, {
    ownOptions: [(app, tolls) => void app.options("/x", own).get("/x", paid(tolls, "$1"), answer), ["/x"]],
    headBehind: [(app, tolls) => void app.get("/x", paid(tolls, "$1"), answer).head("/x", answer), ["/x"]],
    headPaid: [
      (app, tolls) => void app.head("/x", paid(tolls, "$1"), answer).get("/x", paid(tolls, "$1"), answer),
      ["/x"],
    ],
    tableBesides: [
      (app, tolls) => {
        protect(app, tolls, { "GET /x": "$1" });
        app.get("/x", answer).options("/x", answer).head("/x", answer);
      },
      ["/x"],
    ],
  });
});

it("G15i a paid handler that OPTIONS or HEAD has besides gives nothing away, though the check was not called", async () => {
  const apps: Record<
    string,
    readonly [method: string, build: (app: express.Express, gate: express.RequestHandler) => void]
  > = {
    behind: ["OPTIONS", (app, gate) => void app.get("/x", gate, work).options("/x", work)],
    ahead: ["OPTIONS", (app, gate) => void app.options("/x", work3).get("/x", gate, work3)],
    everyMethod: ["OPTIONS", (app, gate) => void app.get("/x", gate, work).all("/x", work)],
    mounted: ["OPTIONS", (app, gate) => void app.get("/x", gate, work).use("/x", work)],
    router: ["OPTIONS", (app, gate) => void app.use("/x", Router().get("/", gate, work).options("/", work))],
    head: ["HEAD", (app, gate) => void app.head("/x", work).get("/x", gate, work)],
  };
  for (const [name, [method, build]] of Object.entries(apps)) {
    const app = quietApp();
    app.get("/free", answer).options("/free", own);
    build(app, paid(stand.config(), "$1"));
    // What comes first is the very request that no gate sees.
    for (const path of ["/x", "/X/", "/x?q=1"]) {
      const { status, body, header } = await stand.raw(app, `${method} ${path} HTTP/1.1`);
      expect([status, header("x-work")], `${name} ${path}`).toEqual([500, undefined]);
      expect(body.toString(), name).not.toContain("goods");
      if (method === "OPTIONS") expect(JSON.parse(body.toString()), name).toMatchObject({ code: "gate_bypassed" });
    }
    expect(await optionsOf(app, "/free"), name).toEqual([204, "1", undefined, ""]);
    expect(await stand.status(app, "/free", "HEAD"), name).toBe(200);
  }
});

it("G15i a handler of its own for OPTIONS responds as its author wrote, beside a paid() too", async () => {
  const app = quietApp();
  app.get("/x", paid(stand.config(), "$1"), work).options("/x", own);
  expect(await optionsOf(app, "/x")).toEqual([204, "1", undefined, ""]);
});
