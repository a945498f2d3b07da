import { describe, expect, it } from "vitest";
import type { PaywallConfig } from "../config.js";
import { ConfigError } from "../errors.js";
import type { Price } from "../prices.js";
import { compileTable } from "./table.js";

const config: PaywallConfig = { payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia" };

/** Literal segments, and `*` at the end. */
function read(pattern: string) {
  const shape = pattern
    .split("/")
    .slice(1)
    .map((text) => (text === "*" ? ({ type: "rest" } as const) : ({ type: "literal", text } as const)));
  return { native: pattern, shapes: [shape] };
}

function problemsOf(...keys: string[]): string[] {
  return problemsIn(Object.fromEntries(keys.map((key, at) => [key, `$${at + 1}` as const])));
}

function problemsIn(routes: Record<string, Price | "free">): string[] {
  try {
    compileTable(config, routes, read);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ code, path }) => `${code} ${path}`);
    throw error;
  }
}

describe("patterns that overlap", () => {
  it("stop the start if they price one verb, of which ALL is every one", () => {
    expect(problemsOf("GET /a/*", "GET /a/dear")).toEqual(['overlapping_routes routes["GET /a/*"]']);
    expect(problemsOf("GET /a/*", "ALL /a/dear")).toEqual(['overlapping_routes routes["GET /a/*"]']);
    expect(problemsOf("ALL /a/*", "GET /a/b/*")).toEqual(['overlapping_routes routes["ALL /a/*"]']);
  });

  it("may name one path and verb of what ALL covers", () => {
    expect(problemsOf("ALL /a/*", "GET /a/dear")).toEqual([]);
    expect(problemsOf("GET /a/dear", "ALL /a/*")).toEqual([]);
  });

  it("may price different verbs", () => {
    expect(problemsOf("GET /a/*", "POST /a/dear")).toEqual([]);
  });

  it("are told from entries of one pattern, of which the verb's own counts", () => {
    expect(problemsOf("GET /a/*", "ALL /a/*")).toEqual([]);
  });

  it("may be free on one side, where the price holds: a free entry opens the rest of a route", () => {
    const table = compileTable(config, { "GET /a/*": "free", "GET /a/dear": "$1" }, read);
    const [rest, dear] = table.paths;
    if (!rest || !dear) throw new Error("two patterns were listed");
    expect(table.route([rest, dear], "GET")).toBe(dear.route("GET"));
    expect(table.route([dear, rest], "HEAD")).toBe(dear.route("GET"));
    expect(dear.route("GET")).toBeDefined();
    expect(table.route([rest], "GET")).toBeUndefined();
  });

  it("stop the start where a free entry is an exception within a price", () => {
    expect(problemsIn({ "GET /a/*": "$1", "GET /a/health": "free" })).toEqual([
      'overlapping_routes routes["GET /a/*"]',
    ]);
    expect(problemsIn({ "GET /a/*": "free", "GET /*": "$1" })).toEqual(['overlapping_routes routes["GET /a/*"]']);
  });

  it("stop the start where a free entry for one method would open a price for ALL", () => {
    expect(problemsIn({ "GET /a/*": "free", "ALL /a/dear": "$1" })).toEqual(['overlapping_routes routes["GET /a/*"]']);
    expect(problemsIn({ "ALL /a/dear": "$1", "GET /a/*": "free" })).toEqual(['overlapping_routes routes["GET /a/*"]']);
  });
});

describe("a method that the table leaves out", () => {
  it("is refused, and the log names the entry that opens it, once", async () => {
    const told: unknown[] = [];
    const logger = { info: () => {}, warn: (...line: unknown[]) => void told.push(line), error: () => {} };
    const table = compileTable({ ...config, logger }, { "GET /a/dear": "$1" }, read);
    told.length = 0;
    for (const method of ["POST", "POST", "PURGE"]) {
      const decision = await table.route(table.paths, method)?.admit({} as never);
      expect(decision).toMatchObject({ type: "reply", reply: { status: 405 } });
    }
    expect(told).toEqual([[expect.stringContaining('"POST /a/dear": "free"'), expect.anything()]]);
  });
});
