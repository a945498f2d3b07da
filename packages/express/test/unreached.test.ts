import type { Express } from "express";
import { expect, it } from "vitest";
import { paid, paywall } from "../src/index.js";
import { answer } from "./parts.js";
import { four, openStand, quietApp } from "./stand.js";

const stand = openStand();
const table = () => paywall(stand.config({ routes: { "GET /weather": "$0.01" } }));
const price = () => paid(stand.config(), "$1");

it("G14i the check refuses a gate that no request meets", () => {
  const mounts: Record<string, (app: Express) => void> = {
    lookahead: (app) => app.use(/^\/(?!public\/)/, price()),
    word: (app) => app.use(/\/(?=weather)/, table()),
    letters: (app) => app.use(/^\/[a-v]/, price()),
    ...(four
      ? {}
      : { splat: (app: Express) => app.use("*splat", table()), bare: (app: Express) => app.use("api", price()) }),
  };
  for (const [name, mount] of Object.entries(mounts)) {
    const app = quietApp();
    mount(app);
    app.get("/weather", answer).get("/api/x", answer);
    expect(() => paywall.check(app), name).toThrow(/gate_unreached|gate_misses_path|route_not_served/);
  }
});

it("G14j the check sees a route whose expression fits ids only, and what stands ahead of paid() there", async () => {
  const id = "0123456789abcdef01234567";
  const path = four ? "/item/:id([0-9a-f]{24})" : /^\/item\/([0-9a-f]{24})$/;
  const right = quietApp();
  right.use(paywall(stand.config({ routes: { "GET /item/:id": "$1" } })));
  right.get(path, answer);
  paywall.check(right);
  expect(await stand.status(right, `/item/${id}`)).toBe(402);

  const behind = quietApp();
  behind.get(path, answer, price());
  expect(() => paywall.check(behind)).toThrow(/gate_behind_route/);

  const unread = quietApp();
  unread.get(/^\/(?<a>[0-9a-f]{24})\/\k<a>$/, answer, price());
  expect(() => paywall.check(unread)).toThrow(/gate_behind_route/);
});
