import { ConfigError, createPaywall } from "@turnpike/core";
import { compileTable, priceRoute } from "@turnpike/core/adapter";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFacilitator, type TestFacilitator } from "../src/index.js";

let facilitator: TestFacilitator;
beforeEach(async () => {
  facilitator = await startFacilitator();
});
afterEach(() => facilitator.close());

const read = (pattern: string) => ({ native: pattern, shapes: [[{ type: "literal" as const, text: pattern }]] });
const request = {
  method: "GET",
  raw: {},
  header: () => undefined,
  url: () => "http://shop.example/own",
  params: () => ({}),
  address: () => undefined,
};

describe("the table of an engine (G27)", () => {
  const open = (warned: string[] = []) =>
    createPaywall<Record<string, never>>({
      payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
      network: "base-sepolia",
      facilitator: facilitator.url,
      reconcileSeconds: 0,
      routes: { "GET /table": "$0.01" },
      logger: { info: () => {}, error: () => {}, warn: (message) => void warned.push(message) },
    });

  it("is not replaced by another one in silence: of two tables one would be free", () => {
    const given = () => compileTable(open(), { "GET /other": "$0.02" }, read as never);
    expect(given).toThrow(ConfigError);
    expect(given).toThrow(/two tables/);
  });

  it("is missed in the log once, where only single routes of the engine are in an app", async () => {
    const warned: string[] = [];
    const route = priceRoute(open(warned), "$0.03");
    for (let i = 0; i < 3; i++) expect(await route.admit(request)).toMatchObject({ type: "reply" });
    expect(warned.filter((message) => /in no app.*GET \/table/.test(message))).toHaveLength(1);
  });

  it("is not missed where it is in an app as well", async () => {
    const warned: string[] = [];
    const engine = open(warned);
    const route = priceRoute(engine, "$0.03");
    compileTable(engine, undefined, read as never);
    await route.admit(request);
    expect(warned.filter((message) => message.includes("in no app"))).toEqual([]);
  });
});
