import express, { type Request, Router } from "express";
import { describe, expect, it } from "vitest";
import { paywall, protect } from "../src/index.js";
import { answer, answer3, failed, notFound, pass } from "./parts.js";
import { openStand, quietApp, rest } from "./stand.js";

const stand = openStand();
const table = { "GET /weather": "$0.01", [`GET /files/${rest}`]: "$0.01" } as const;

describe("protect", () => {
  it("guards routes that were there before it and routes that come after it", async () => {
    const app = quietApp();
    app.get("/weather", answer);
    protect(app, stand.config({ routes: table }));
    app.use("/files", Router().get("/:name", answer));
    paywall.check(app);
    expect(await stand.status(app, "/weather")).toBe(402);
    expect(await stand.status(app, "/files/a")).toBe(402);
  });

  it("stands ahead of everything that could serve a priced path, whatever it is", async () => {
    const inner = quietApp();
    inner.get("/a", answer);
    const servers = [
      () => quietApp().get("/files/a", answer),
      () => quietApp().get("/files/a", answer3),
      () => quietApp().use("/files", Router().get("/a", answer)),
      () => quietApp().use("/files", inner),
      () => quietApp().use("/files", answer3),
      () => quietApp().use(express.static(".")).get("/files/a", answer),
      () => quietApp().use(notFound).get("/files/a", answer),
      () => quietApp().all(`/files/${rest}`, pass).get("/files/a", answer),
    ];
    for (const make of servers) {
      const app = make();
      protect(app, stand.config({ routes: { [`GET /files/${rest}`]: "$0.01" } as const }));
      for (const path of ["/files/a", "//files/a", "/%66iles/a"]) {
        expect(await stand.status(app, path), `${make} ${path}`).not.toBe(200);
      }
    }
  });

  it("leaves middleware for every request ahead of it, whose headers a 402 has as well", async () => {
    const app = quietApp();
    app.use(express.json(), (_req, res, next) => {
      res.setHeader("Access-Control-Allow-Origin", "*");
      next();
    });
    app.get("/weather", answer);
    app.use(notFound);
    app.use(failed);
    protect(app, stand.config({ routes: { "GET /weather": "$0.01" } }));
    paywall.check(app);
    const response = await fetch(`${await stand.listen(app)}/weather`);
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([402, "*"]);
  });

  it("sells to who pays", async () => {
    const app = quietApp();
    app.get("/weather", (req: Request, res) => void res.send(req.payment?.payer));
    protect(app, stand.config(), { "GET /weather": "$0.01" });
    const { response } = await stand.buy(`${await stand.listen(app)}/weather`);
    expect(await response.text()).toMatch(/^0x/);
  });

  it("says at the first request that what serves a price may stand ahead of it as a middleware does", async () => {
    const app = quietApp();
    app.use(answer3);
    protect(app, stand.config({ routes: { "GET /weather": "$0.01" } }));
    expect(() => paywall.check(app)).toThrow(/route_not_served/);
  });

  it("takes an app, and nothing else", () => {
    expect(() => protect({} as never, stand.config({ routes: table }))).toThrow(TypeError);
  });
});
