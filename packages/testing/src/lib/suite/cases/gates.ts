import { expect } from "vitest";
import type { Casebook } from "../casebook.js";
import { expectChallenge } from "../expectations.js";
import { checkPlan, type Found } from "../misuse.js";
import type { ShopPlan } from "../shop.js";

const weather = { path: ["weather"], price: "$0.01" };

/** G19 to G27: what the check of an app finds, by code, method and path. */
export function testMisuse({ check, harness }: Casebook): void {
  const found = (plan: ShopPlan): Promise<readonly Found[]> => checkPlan(harness, plan);

  check("G20 refuses an app whose paywall was made and never given to it", async () => {
    const [problem] = await found({ routes: [weather], gate: "never" });
    expect(problem).toMatchObject({ code: "gate_missing" });
    expect(problem?.text).toMatch(/GET .*\/weather/);
  });

  check("G20b refuses an app that has neither a gate nor a route", async () => {
    const [problem] = await found({
      routes: [],
      unserved: [{ verb: "GET", path: ["weather"], price: "$0.01" }],
      gate: "never",
    });
    expect(problem?.code).toBe("gate_missing");
  });

  check("G19 refuses a paywall behind the route that it prices", async () => {
    const [problem] = await found({ routes: [weather], gate: "behind" });
    expect(problem).toMatchObject({ code: "gate_behind_route" });
    expect(problem?.text).toMatch(/GET .*\/weather/);
  });

  check("G19b refuses a paywall behind the sub-app that it prices", async () => {
    const [problem] = await found({ routes: [{ ...weather, mount: [["api"]] }], gate: "behind" });
    expect(problem).toMatchObject({ code: "gate_behind_route" });
    expect(problem?.text).toMatch(/GET .*\/api\/weather/);
  });

  check("G19c refuses a paywall below a path that does not cover what it prices", async () => {
    const problems = await found({ routes: [weather], gate: { below: ["v1"] } });
    expect(problems[0]).toMatchObject({ code: "gate_misses_path" });
    expect(problems[0]?.text).toMatch(/GET .*\/weather/);
  });

  check("G27 refuses a price for a path that no route serves", async () => {
    const unserved = [{ verb: "GET", path: ["wether"], price: "$0.01" }] as const;
    const problems = await found({ routes: [weather], unserved });
    expect(problems.map(({ code }) => code)).toEqual(["route_not_served"]);
    expect(problems[0]?.text).toMatch(/GET .*\/wether/);
    expect(problems[0]?.text).toMatch(/did you mean "(GET )?\/weather"/);
  });

  check("G27b refuses a price for a method that no route serves", async () => {
    const unserved = [{ verb: "POST", path: ["weather"], price: "$0.01" }] as const;
    const problems = await found({ routes: [weather], unserved });
    expect(problems.map(({ code }) => code)).toEqual(["route_not_served"]);
    expect(problems[0]?.text).toMatch(/POST .*\/weather/);
    expect(problems[0]?.text).toMatch(/the app serves (this for GET only|GET \/weather)/);
  });

  const wide = { id: "wide", path: ["w", { rest: "rest" }] };
  const narrow = { verb: "GET", path: ["w", { param: "id" }], price: "$0.01" };

  check("G21 refuses a price that is narrower than the route it prices", async () => {
    const problems = await found({ routes: [wide], unserved: [narrow] });
    expect(problems.map(({ code }) => code)).toEqual(["price_too_narrow"]);
    expect(problems[0]?.text).toMatch(/GET .*\/w\//);
  });

  check("G21b takes a narrow price once a free entry opens the rest, and the price holds", async (open) => {
    const rest = { verb: "GET", path: wide.path, price: "free" };
    const shop = await open({ routes: [wide], unserved: [narrow, rest] });
    expectChallenge(await shop.get("/w/1"));
    expect(shop.runs("wide")).toBe(0);
    expect((await shop.get("/w/1/2")).status).toBe(200);
  });

  check("G21c refuses a price for one value of the parameter that a router is mounted below", async () => {
    const routes = [{ id: "report", mount: [[{ param: "org" }]], path: ["report"] }];
    for (const org of ["acme", "x"]) {
      const unserved = [{ verb: "GET", path: [org, "report"], price: "$0.01" }];
      expect(
        (await found({ routes, unserved })).map(({ code }) => code),
        org,
      ).toEqual(["price_too_narrow"]);
    }
  });

  check("G20c names every misuse of an app in one error", async () => {
    const unserved = [
      { verb: "GET", path: ["wether"], price: "$0.01" },
      { verb: "DELETE", path: ["weather"], price: "$0.01" },
    ] as const;
    const problems = await found({ routes: [weather], unserved });
    expect(problems).toHaveLength(2);
  });
}

/** Apps that are right: the check is content, and everything that has a price asks for it. */
export function testRightApps({ check, harness }: Casebook): void {
  const plans: readonly (readonly [plan: ShopPlan, examples: readonly string[]])[] = [
    [{ routes: [weather] }, ["/weather"]],
    [{ routes: [{ ...weather, mount: [["v1"]] }] }, ["/v1/weather"]],
    [{ routes: [{ ...weather, mount: [["a"], ["b"]] }] }, ["/a/b/weather"]],
    [{ routes: [{ ...weather, mount: [[{ param: "org" }]] }] }, ["/acme/weather", "/x/weather"]],
    [{ routes: [{ path: ["items", { param: "id" }], price: "$0.01" }] }, ["/items/1", "/items/a-b"]],
    [{ routes: [{ path: ["files", { rest: "rest" }], price: "$0.01" }] }, ["/files/a", "/files/a/b"]],
    [{ routes: [{ ...weather, on: "route" }] }, ["/weather"]],
    [{ routes: [{ ...weather, mount: [["v1"]], on: "route" }, { path: ["free"] }] }, ["/v1/weather"]],
    [{ routes: [{ path: ["other"] }, { ...weather, method: "ALL", verb: "GET" }] }, ["/weather"]],
    [{ routes: [weather, { path: ["report"], price: "$1", on: "route" }] }, ["/weather", "/report"]],
    [{ routes: [weather, { path: ["status"], price: "free" }] }, ["/weather"]],
    [{ routes: [weather], twice: true }, ["/weather"]],
  ];

  check("G20d is content with every right app, whose prices are all asked", async (open) => {
    for (const [plan, examples] of plans) {
      const shop = await open(plan);
      for (const path of examples) expectChallenge(await shop.get(path), path);
    }
  });

  check(
    "G20e guards an app by the form that takes the app itself, ahead of routes that are there already",
    async (open) => {
      const routes = [
        weather,
        { path: ["items", { param: "id" }], price: "$0.01", mount: [["v1"]] },
        { path: ["free"] },
      ];
      expect(await checkPlan(harness, { routes, gate: "app" })).toEqual([]);
      const shop = await open({ routes, gate: "app" });
      for (const path of ["/weather", "/v1/items/7"]) expectChallenge(await shop.get(path), path);
      expect((await shop.get("/free")).status).toBe(200);
      const { response } = await shop.buy("/weather");
      expect(response.status).toBe(200);
      shop.counted({ h: 1, v: 1, s: 1, c: 1 }, "weather");
    },
  );

  check("G20f keeps what the app sets on every response on the 402 as well, by that form too", async (open) => {
    const shop = await open({ routes: [weather], gate: "app", appHeaders: [["x-app", "1"]] });
    expect((await shop.get("/weather")).headers.get("x-app")).toBe("1");
  });
}

/** G25: a wildcard or a parameter prices whatever the app serves below it. */
export function testSections({ check }: Casebook): void {
  const users = { id: "users", path: ["api", "users"] };
  const item = { id: "item", path: ["items", { param: "id" }], mount: [["api"]] };

  check("G25 prices every route of a section by a wildcard", async (open) => {
    const api = { verb: "GET", path: ["api", { rest: "rest" }], price: "$0.01" };
    const shop = await open({ routes: [users, item, { path: ["open"] }], unserved: [api] });
    for (const path of ["/api/users", "/api/items/1"]) expectChallenge(await shop.get(path), path);
    expect(shop.runs("users") + shop.runs("item")).toBe(0);
    expect((await shop.get("/open")).status).toBe(200);
    expect((await shop.buy("/api/users")).response.status).toBe(200);
    expect((await shop.buy("/api/items/1")).response.status).toBe(200);
    expect([shop.runs("users"), shop.runs("item"), shop.facilitator.charges.length]).toEqual([1, 1, 2]);
  });

  check("G25b prices a literal route by a parameter", async (open) => {
    const city = { verb: "GET", path: ["city", { param: "name" }], price: "$0.01" };
    const shop = await open({ routes: [{ id: "berlin", path: ["city", "berlin"] }], unserved: [city] });
    expectChallenge(await shop.get("/city/berlin"));
    expect((await shop.buy("/city/berlin")).response.status).toBe(200);
    shop.counted({ h: 1, v: 1, s: 1, c: 1 }, "berlin");
  });

  check("G25c still refuses a section below which nothing is served", async (open) => {
    const section = { verb: "GET", path: ["apis", { rest: "rest" }], price: "$0.01" };
    await expect(open({ routes: [users], unserved: [section] })).rejects.toMatchObject({
      problems: [expect.objectContaining({ code: "route_not_served" })],
    });
  });
}
