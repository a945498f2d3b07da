import { describe, expect, it } from "vitest";
import type { PaywallConfig } from "../config.js";
import { ConfigError } from "../errors.js";
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
  try {
    compileTable(config, Object.fromEntries(keys.map((key, at) => [key, at === 0 ? "free" : `$${at}`])), read);
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
});
