import { ConfigError, createPaywall } from "@turnpike/core";
import { NextRequest } from "next/server.js";
import { describe, expect, it, vi } from "vitest";
import { paid, paidProxy, paywall } from "../src/index.js";
import { platformAddress } from "../src/lib/address.js";

const config = { payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia" } as const;
const answer = () => new Response("bytes");

const problemsOf = (make: () => unknown): string[] => {
  try {
    make();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, code }) => `${path} ${code}`);
    throw error;
  }
  return [];
};

describe("a table of verbs", () => {
  it("stops the import of its route file with every problem at once", () => {
    const routes = { GET: "$0.0000001", POST: "$0.01", GTE: "$0.01", HEAD: "free" } as const;
    expect(
      problemsOf(() => paywall({ ...config, payTo: "0x12", routes }, { GET: answer, HEAD: answer })).sort(),
    ).toEqual([
      "payTo invalid_pay_to",
      'routes["GET"].price invalid_price',
      'routes["GTE"] invalid_route',
      'routes["GTE"] route_not_served',
      'routes["HEAD"] invalid_route',
      'routes["POST"] route_not_served',
    ]);
  });

  it("is missing loudly", () => {
    expect(problemsOf(() => paywall(config, { GET: answer }))).toEqual(["routes missing_routes"]);
  });

  it("may stand beside an engine, and price all verbs", () => {
    const { GET, PUT } = paywall(createPaywall(config), { GET: answer, PUT: answer }, { ALL: "$0.01", PUT: "free" });
    expect(PUT).toBe(answer);
    expect(GET).not.toBe(answer);
  });

  it("G15l leaves OPTIONS to a handler of its own, and runs none that is sold for another method", async () => {
    const own = () => new Response(null, { status: 204, headers: { allow: "GET" } });
    const table = { ...config, routes: { GET: "$0.01", POST: "free" } } as const;
    expect(paywall(table, { GET: answer, POST: own, OPTIONS: own }).OPTIONS).toBe(own);
    const { OPTIONS } = paywall(table, { GET: answer, POST: own, OPTIONS: answer });
    const request = new NextRequest("http://127.0.0.1/x", { method: "OPTIONS" });
    const response = await OPTIONS(request, { params: Promise.resolve({}) });
    expect([response.status, await response.text()]).toEqual([204, ""]);
  });

  it("G15m the check refuses a sold handler that OPTIONS has too, and a module without handlers", () => {
    const GET = paid(config, "$0.01", answer);
    expect(problemsOf(() => paywall.check({ GET, OPTIONS: answer }))).toEqual(["OPTIONS gate_bypassed"]);
    expect(problemsOf(() => paywall.check({ GET, OPTIONS: () => new Response(null, { status: 204 }) }))).toEqual([]);
    expect(problemsOf(() => paywall.check({}))).toEqual(["exports price_missing"]);
    expect(problemsOf(() => paywall.check({ default: answer }))).toEqual(["exports price_missing"]);
  });
});

describe("a price", () => {
  it("that cannot be paid stops the import too, on a handler and in a proxy", () => {
    expect(problemsOf(() => paid(config, "$0.0000001", answer))).toHaveLength(1);
    expect(problemsOf(() => paidProxy(config, { price: "$0" }))).toHaveLength(1);
    expect(problemsOf(() => paid({ ...config, payTo: "0x12" }, "$0.01", answer))).toHaveLength(1);
  });
});

describe("G27 the exports of a route file", () => {
  const checkOf = (file: object) => problemsOf(() => paywall.check(file));

  it("are refused for every handler without a stated price", () => {
    const GET = paid(config, "$0.01", answer);
    const OPTIONS = () => new Response(null, { status: 204 });
    expect(checkOf({ GET, POST: answer, DELETE: answer, OPTIONS, runtime: "edge" })).toEqual([
      "POST price_missing",
      "DELETE price_missing",
    ]);
    expect(checkOf({ GET: answer })).toEqual(["GET price_missing"]);
    const { PUT } = paywall({ ...config, routes: { PUT: "free" } }, { PUT: answer });
    expect(checkOf({ PUT, POST: PUT })).toEqual(["POST price_missing"]);
  });

  it("pass if each is wrapped, or listed as free", () => {
    const { GET, POST } = paywall(
      { ...config, routes: { GET: "$0.01", POST: "free" } },
      { GET: answer, POST: () => answer() },
    );
    expect(checkOf({ GET, POST, PUT: paid(config, "$0.01", answer), dynamic: "force-dynamic" })).toEqual([]);
  });

  it("G64 are refused if they are forced to be static", () => {
    expect(checkOf({ GET: paid(config, "$0.01", answer), dynamic: "force-static" })).toEqual(["dynamic static_route"]);
  });
});

describe("G33 the client's address", () => {
  it.each([
    ["VERCEL", "x-vercel-forwarded-for"],
    ["NETLIFY", "x-nf-client-connection-ip"],
  ])("is what %s writes into %s, and there alone", (name, field) => {
    const request = new NextRequest("https://shop.example/x", { headers: { [field]: "192.0.2.1, 10.0.0.1" } });
    expect(platformAddress(request)).toBeUndefined();
    vi.stubEnv(name, "1");
    expect(platformAddress(request)).toBe("192.0.2.1");
    const forged = { "x-forwarded-for": "192.0.2.9", "x-real-ip": "192.0.2.9", "cf-connecting-ip": "192.0.2.9" };
    expect(platformAddress(new NextRequest("https://shop.example/x", { headers: forged }))).toBeUndefined();
    vi.unstubAllEnvs();
  });
});

describe("a proxy", () => {
  it("answers OPTIONS itself, since an API route of the Pages Router serves it like any verb", async () => {
    const request = new NextRequest("https://shop.example/api/all", { method: "OPTIONS" });
    const response = await paidProxy(config, "$0.01")(request);
    expect([response.status, response.headers.get("x-middleware-next")]).toEqual([204, null]);
  });
});
