import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { Casebook, Open } from "../casebook.js";
import { expectChallenge } from "../expectations.js";
import type { Fallback, GatePlace } from "../harness.js";
import { problemsOf } from "../misuse.js";
import type { Shop, ShopPlan } from "../shop.js";

const bytes = "premium bytes";

/** Other ways to write `/premium/F`, all of which some reader of paths resolves to it. */
const spellings = [
  "/premium/F",
  "/%70remium/F",
  "/premium/%46",
  "/pr%65mium/%46",
  "//premium/F",
  "///premium/F",
  "//host/premium/F",
  "/\\host/premium/F",
  "/%2fhost/premium/F",
  "/premium//F",
  "/./premium/F",
  "/premium/./F",
  "/x/../premium/F",
  "/x/y/../../premium/F",
  "/x/%2e%2e/premium/F",
  "/x/%2E%2E/premium/F",
  "/x/.%2e/premium/F",
  "/%2e/premium/F",
  "/x/..%2fpremium/F",
  "/x%2f..%2fpremium%2fF",
  "/premium%2fF",
  "/premium%2FF",
  "/premium%5cF",
  "/premium\\F",
  "\\premium\\F",
  "/%2570remium/F",
  "/premium/F?x=1",
  "/premium/x/../F",
  "/x#/../premium/F",
  "/x%23/%2e%2e/premium/F",
  "/x%3f/%2e%2e/premium/F",
];

/** The same in another letter case, for routers and file servers that do not tell them apart. */
const otherCase = ["/PREMIUM/F", "/Premium/F", "/pREMIUM/F", "/premium/f", "/PREMIUM/f"];

const methods = ["GET", "HEAD", "POST", "DELETE"];

/**
 * G10 to G14: whatever is behind all routes and serves a priced path under another spelling is behind the gate, or the
 * check refuses the app. What the fallback would give is told by `premium bytes` in its body or by its runs.
 */
export function testBypasses({ check }: Casebook): void {
  const plan = (gate: GatePlace, fallback: Omit<Fallback, "run">): ShopPlan => ({
    gate,
    fallback,
    routes: [{ id: "premium", path: ["premium", { param: "file" }], handle: () => ({ body: bytes }) }],
    unserved: [{ verb: "GET", path: ["premium", { rest: "rest" }], price: "$0.01" }],
  });

  /** Starts the app, and holds it to its prices under every spelling; an app that its check refuses has nothing to hold. */
  async function holds(open: Open, app: ShopPlan, targets = spellings): Promise<"held" | readonly string[]> {
    let shop: Shop;
    try {
      shop = await open(app);
    } catch (error) {
      return problemsOf(error).map(({ code }) => code);
    }
    for (const target of targets) {
      for (const method of methods) {
        const what = `${method} ${target}`;
        const answer = await shop.raw([`${method} ${target} HTTP/1.1`]);
        expect(answer.status, what).toBeGreaterThanOrEqual(300);
        expect(answer.body.toString(), what).not.toContain(bytes);
      }
    }
    expectChallenge(await shop.get("/premium/F"));
    expect([shop.runs("premium"), shop.runs("fallback")]).toEqual([0, 0]);
    expect((await shop.get("/other")).status).toBe(app.fallback?.kind === "files" ? 404 : 200);
    return "held";
  }

  async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "turnpike-"));
    try {
      await mkdir(join(folder, "premium"));
      for (const name of ["F", "index.html", "report.html"]) await writeFile(join(folder, "premium", name), bytes);
      await run(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  check("G10 holds every spelling of a section ahead of a catch-all", async (open) => {
    expect(await holds(open, plan("ahead", { kind: "catch-all" }))).toBe("held");
    expect(await holds(open, plan("app", { kind: "catch-all" }))).toBe("held");
  });

  check("G10b holds every spelling of a section ahead of a file server", async (open) => {
    await withFolder(async (folder) => {
      expect(await holds(open, plan("ahead", { kind: "files", folder }))).toBe("held");
      expect(await holds(open, plan("app", { kind: "files", folder }))).toBe("held");
    });
  });

  check("G12 holds every spelling of a section ahead of the not-found handler", async (open) => {
    expect(await holds(open, plan("ahead", { kind: "not-found" }))).toBe("held");
    expect(await holds(open, plan("app", { kind: "not-found" }))).toBe("held");
  });

  check("G10c refuses a gate below a path that a catch-all passes by, or holds every spelling", async (open) => {
    const outcome = await holds(open, plan({ below: ["premium"] }, { kind: "catch-all" }));
    if (outcome !== "held") expect(outcome).toContain("gate_bypassed");
  });

  check("G10d refuses a gate below a path that a file server passes by, or holds every spelling", async (open) => {
    await withFolder(async (folder) => {
      const outcome = await holds(open, plan({ below: ["premium"] }, { kind: "files", folder }));
      if (outcome !== "held") expect(outcome).toContain("gate_bypassed");
    });
  });

  check(
    "G10e refuses a gate below a path that the not-found handler passes by, or holds every spelling",
    async (open) => {
      const outcome = await holds(open, plan({ below: ["premium"] }, { kind: "not-found" }));
      if (outcome !== "held") expect(outcome).toContain("gate_bypassed");
    },
  );

  check("G10f takes a gate below a path that nothing passes by", async (open) => {
    const { fallback: _, ...app } = plan({ below: ["premium"] }, { kind: "catch-all" });
    const shop = await open(app);
    expectChallenge(await shop.get("/premium/F"));
    for (const target of spellings) {
      expect((await shop.raw([`GET ${target} HTTP/1.1`])).status, target).toBeGreaterThanOrEqual(300);
    }
    expect(shop.runs("premium")).toBe(0);
    expect((await shop.buy("/premium/F")).response.status).toBe(200);
  });

  check("G13 holds a section in every letter case", async (open) => {
    expect(await holds(open, plan("ahead", { kind: "catch-all" }), otherCase)).toBe("held");
    await withFolder(async (folder) => {
      expect(await holds(open, plan("ahead", { kind: "files", folder }), otherCase)).toBe("held");
    });
  });

  check("G14 refuses a price for one file of a file server, and proposes its folder", async (open) => {
    await withFolder(async (folder) => {
      for (const name of ["report.html", "index.html"]) {
        const start = open({
          routes: [{ path: ["weather"], price: "$0.01" }],
          unserved: [{ verb: "GET", path: ["premium", name], price: "$1" }],
          fallback: { kind: "files", folder },
        });
        const problems = problemsOf(
          await start.then(
            () => "it started",
            (error: unknown) => error,
          ),
        );
        expect(
          problems.map(({ code }) => code),
          name,
        ).toEqual(["file_has_other_names"]);
        expect(problems[0]?.text, name).toMatch(/\/premium\/\*/);
      }
    });
  });

  check("G14b guards every name of a file by the wildcard of its folder", async (open) => {
    await withFolder(async (folder) => {
      const shop = await open({
        routes: [],
        unserved: [{ verb: "GET", path: ["premium", { rest: "rest" }], price: "$1" }],
        fallback: { kind: "files", folder },
      });
      for (const path of ["/premium/", "/premium/index.html", "/premium/report.html", "/premium/report", "/premium"]) {
        expect((await shop.get(path)).status, path).not.toBe(200);
      }
      const { response } = await shop.buy("/premium/report.html");
      expect(await response.text()).toBe(bytes);
    });
  });
}

/** G15: `OPTIONS` is free, and so does no work. */
export function testOptions({ check }: Casebook): void {
  const created = () => ({ status: 201, headers: [["location", "/made"] as const, ["x-work", "done"] as const] });

  async function runsNothing(open: Open, app: ShopPlan, path: string): Promise<void> {
    const shop = await open(app);
    const response = await shop.get(path, { method: "OPTIONS" });
    expect(response.status, path).toBe(204);
    expect([response.headers.get("location"), response.headers.get("x-work")], path).toEqual([null, null]);
    expect(await response.text(), path).toBe("");
    expect([shop.runs("work"), shop.runs("fallback")], path).toEqual([0, 0]);
  }

  check("G15 runs no handler for OPTIONS, wherever the price stands", async (open) => {
    const work = { id: "work", method: "ALL", verb: "POST", path: ["work"], price: "$0.01", handle: created };
    await runsNothing(open, { routes: [work] }, "/work");
    await runsNothing(open, { routes: [work], gate: "app" }, "/work");
    await runsNothing(open, { routes: [{ ...work, on: "route" }] }, "/work");
    await runsNothing(open, { routes: [{ ...work, mount: [["api"]] }] }, "/api/work");
    await runsNothing(open, { routes: [{ ...work, mount: [["api"]], on: "route" }] }, "/api/work");
  });

  check("G15b runs no catch-all for OPTIONS of a priced path", async (open) => {
    const free = { id: "free", path: ["free"] };
    const section = { verb: "GET", path: ["work", { rest: "rest" }], price: "$0.01" } as const;
    const routes = [free, { id: "work", path: ["work", { param: "id" }] }];
    const shop = await open({ routes, unserved: [section], fallback: { kind: "catch-all" } });
    const response = await shop.get("/work/1", { method: "OPTIONS" });
    expect(response.status).toBeLessThan(300);
    expect([shop.runs("work"), shop.runs("fallback")]).toEqual([0, 0]);
  });
}
