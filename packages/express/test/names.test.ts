import express, { type Express, type Request, type Response } from "express";
import { describe, expect, it } from "vitest";
import { paid, paywall } from "../src/index.js";
import { openStand, quietApp } from "./stand.js";

const stand = openStand();
const serve = (_req: Request, res: Response): void => void res.send("goods");

/** What the unpaid response calls the route. */
async function nameAt(app: Express, path: string): Promise<string> {
  const response = await fetch((await stand.listen(app)) + path);
  return ((await response.json()) as { detail: string }).detail.replace(/ costs .*$/, "");
}

/** A route is called by the patterns of everything that it stands in (G41). */
describe("the name of a route", () => {
  it("has the parameters of routers and apps, and never their values", async () => {
    const inner = express.Router({ mergeParams: true });
    inner.get("/items/:item", paid(stand.config(), "$0.01"), serve);
    const shop = quietApp();
    shop.use("/shops/:shop", inner);
    const app = quietApp();
    app.use("/:tenant", shop);
    for (const path of ["/acme/shops/1/items/5", "/zeta/shops/2/items/6"]) {
      expect(await nameAt(app, path)).toBe("GET /:tenant/shops/:shop/items/:item");
    }
  });

  it("keeps the names of two mounts of one router apart", async () => {
    const router = express.Router();
    router.get("/weather", paid(stand.config(), "$0.01"), serve);
    const app = quietApp();
    app.use("/v1", router);
    app.use("/v2", router);
    expect(await nameAt(app, "/v2/weather")).toBe("GET /v2/weather");
    expect(await nameAt(app, "/v1/weather")).toBe("GET /v1/weather");
  });

  it("has the path of a mount in the case in which it was written", async () => {
    const app = quietApp();
    app.use("/Api", paywall(stand.config({ routes: { "GET /weather": "$0.01" } })));
    app.get("/Api/weather", serve);
    for (const path of ["/Api/weather", "/api/weather", "/API/WEATHER"]) {
      expect(await nameAt(app, path)).toBe("GET /Api/weather");
    }
  });

  it("has an expression or a list as it was written", async () => {
    const app = quietApp();
    app.get(/^\/file-\d+$/, paid(stand.config(), "$0.01"), serve);
    app.get(["/one", "/two/:id"], paid(stand.config(), "$0.01"), serve);
    app.use("/section", paid(stand.config(), "$0.01"), serve);
    expect(await nameAt(app, "/file-7")).toBe("GET /^\\/file-\\d+$/");
    expect(await nameAt(app, "/two/5")).toBe("GET (/one|/two/:id)");
    expect(await nameAt(app, "/section/5")).toBe("GET /section/*");
    const mounted = quietApp();
    const router = express.Router();
    router.get("/w", paid(stand.config(), "$0.01"), serve);
    mounted.use(/^\/v\d+/, router);
    expect(await nameAt(mounted, "/v7/w")).toBe("GET /^\\/v\\d+/w");
  });
});
