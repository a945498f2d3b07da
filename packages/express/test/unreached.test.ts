import { type Express, type Request, Router } from "express";
import { expect, it } from "vitest";
import { paid, paywall, type RouteTable } from "../src/index.js";
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

const many = Array.from({ length: 80 }, (_, at) => `c${at}`);

/** Each with what is priced, and what the same expression takes besides. */
const unreadable: Record<string, readonly [RegExp, priced: string, free: string]> = {
  lookahead: [/^\/(?=weather|premium)\w+\/f$/, "/weather/f", "/premium/f"],
  lookaheadOfASample: [/^\/(?=x|premium)\w+\/f$/, "/x/f", "/premium/f"],
  reference: [/^\/(weather|premium)\/\1$/, "/weather/weather", "/premium/premium"],
  named: [/^\/(?<k>weather|premium)\/\k<k>$/, "/weather/weather", "/premium/premium"],
  lookbehind: [/^\/\w+(?<=premium|weather)$/, "/weather", "/premium"],
  codePoint: [/^\/w\u{65}ather(?:\u{78})?$/u, "/weather", "/weatherx"],
  many: [new RegExp(`^/(?:${many.join("|")})$`), "/c1", "/c75"],
  goesOn: [/\/(?:weather|premium)$/y, "/weather", "/premium"],
};
const refused = /gate_unreached|price_too_narrow|gate_behind_route|route_not_served/;

it.each(Object.entries(unreadable))(
  "G14n no examples approve what stands at an expression that is not read in full: %s",
  async (kind, [path, priced, free]) => {
    const entries: RouteTable<Request> =
      kind === "many"
        ? Object.fromEntries(many.slice(0, 70).map((name) => [`GET /${name}`, "$1" as const]))
        : ({ [`GET ${priced}`]: "$1" } as const);
    const all = () => paywall(stand.config({ routes: { [four ? "GET /*" : "GET /*rest"]: "$1" } }));
    const wrong: Record<string, (app: Express) => unknown> = {
      route: (app) => app.use(paywall(stand.config({ routes: entries }))).get(path, answer),
      mount: (app) => app.use(paywall(stand.config({ routes: entries }))).use(path, answer),
      router: (app) => app.use(paywall(stand.config({ routes: entries }))).use(path, Router().get("/", answer)),
      gate: (app) => app.use(path, price()).get([priced, free], answer),
      gateRoute: (app) => app.all(path, price()).get([priced, "/other"], answer),
      ahead: (app) => app.get(path, answer).use(all()).get("/other", answer),
    };
    for (const [name, make] of Object.entries(wrong)) {
      const app = quietApp();
      make(app);
      expect(() => paywall.check(app), name).toThrow(refused);
    }
    const right: Record<string, (app: Express) => unknown> = {
      paidRoute: (app) => app.get(path, price(), answer),
      table: (app) => app.use(all()).get(path, answer).get("/other", answer),
      ...(kind === "many"
        ? { paidRouter: (app: Express) => app.use(path, Router().use(price()).get("/", answer)) }
        : {}),
    };
    for (const [name, make] of Object.entries(right)) {
      const app = quietApp();
      make(app);
      expect(() => paywall.check(app), name).not.toThrow();
      if (path.sticky) continue;
      for (const at of [priced, free]) expect(await stand.status(app, at), `${name} ${at}`).toBe(402);
    }
  },
);

it("G14o the check reads usual expressions in full, and names a list within one of which only a part has a price", async () => {
  const uuid = "00000000-0000-4000-8000-000000000000";
  const usual: readonly (readonly [RegExp, entry: string, path: string])[] = [
    [
      /^\/item\/([0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/i,
      "/item/:id",
      `/item/${uuid}`,
    ],
    [/^\/item\/(?!public$)\w+$/, "/item/:id", "/item/a"],
    [/^\/(?:weather|premium)\/v\d{1,3}$/, "/:kind/:version", "/premium/v12"],
    [/^\/item\/.*$/, four ? "/item/a/*" : "/item/a/*rest", "/item/a/b"],
  ];
  for (const [path, entry, priced] of usual) {
    const app = quietApp()
      .use(paywall(stand.config({ routes: { [`GET ${entry}`]: "$1" } as const })))
      .get(path, answer);
    expect(() => paywall.check(app), path.source).not.toThrow();
    expect(await stand.status(app, priced)).toBe(402);
  }
  const section = { [four ? "GET /weather/*" : "GET /weather/*rest"]: "$1" } as const;
  const list = quietApp().use(paywall(stand.config({ routes: section })));
  list.get(/^\/(?!weather\/free)(weather|premium)\/.*$/, answer);
  expect(() => paywall.check(list)).toThrow(/GET \/premium\/.*price_too_narrow/);
});
