import { describe, expect, it } from "vitest";
import type { PaywallConfig } from "./lib/config.js";
import { ConfigError } from "./lib/errors.js";
import { createPaywall } from "./lib/paywall/paywall.js";
import type { ReadPath } from "./lib/table/path.js";
import { compileTable } from "./lib/table/table.js";

const PAY_TO = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
const base: PaywallConfig = { payTo: PAY_TO, network: "base-sepolia" };

/** A path language with `:name` and a final `*`. */
const read = (pattern: string): ReadPath => ({
  native: pattern,
  shapes: [
    pattern
      .split("/")
      .slice(1)
      .map((text) =>
        text === "*" ? { type: "rest" } : text.startsWith(":") ? { type: "param" } : { type: "literal", text },
      ),
  ],
});

/** The message of a start that fails. */
function messageOf(start: () => unknown): string {
  try {
    start();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "";
}

/** `code path` of everything that is wrong. */
function problemsOf(start: () => unknown): string[] {
  try {
    start();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ code, path }) => `${code} ${path}`);
    throw error;
  }
  return [];
}

const table = (routes: object, config: object = base) =>
  problemsOf(() => compileTable(config as PaywallConfig, routes as never, read));

describe("a configuration", () => {
  it("starts with a recipient and a test network, and contacts nobody", () => {
    expect(problemsOf(() => createPaywall(base))).toEqual([]);
  });

  it("reports every problem of the configuration and the table in one error", () => {
    const routes = { "GTE /x": "$1", "GET /a": "$0.0000001", "GET /b": 5, "GET /c": "$0", "GET /ok": "$1" };
    expect(table(routes, { payTo: `${PAY_TO.slice(0, -1)}D`, network: "base", setlle: "after" })).toEqual([
      "unknown_option setlle",
      "missing_facilitator facilitator",
      "invalid_pay_to payTo",
      'invalid_route routes["GTE /x"]',
      'invalid_price routes["GET /a"].price',
      'invalid_price routes["GET /b"]',
      'invalid_price routes["GET /c"].price',
    ]);
  });

  it("says where each problem is explained", () => {
    expect(() => createPaywall({ ...base, origin: "example.com" })).toThrow(/docs\/errors\.md#invalid_config/);
  });

  it("G64 takes an origin with the path that a proxy strips, and no other form of it", () => {
    for (const origin of [
      "https://a.example",
      "http://localhost:8080",
      "https://a.example/shop",
      "https://a.example/a/b",
    ]) {
      expect(
        problemsOf(() => createPaywall({ ...base, origin })),
        origin,
      ).toEqual([]);
    }
    const wrong = [
      "https://a.example/",
      "https://a.example/shop/",
      "https://a.example/shop?a",
      "https://a.example/shop#a",
    ];
    wrong.push(
      "https://a.example//shop",
      "https://a.example/x/../shop",
      "https://me@a.example/shop",
      "ftp://a.example/shop",
    );
    wrong.push("/shop", "a.example/shop", "https://A.example/shop", "https://a.example/a b", "https://a.example\\shop");
    for (const origin of wrong) {
      expect(
        problemsOf(() => createPaywall({ ...base, origin })),
        origin,
      ).toEqual(["invalid_option origin"]);
    }
  });

  it("C06 refuses a recipient that is empty, zero, mistyped or of another chain", () => {
    for (const payTo of [
      "0x",
      "0x0000000000000000000000000000000000000000",
      PAY_TO.replace("9", "8"),
      "So11111111111111111111111111111111111111112",
    ]) {
      expect(table({ "GET /x": "$1" }, { ...base, payTo })).toContain("invalid_pay_to payTo");
    }
    expect(table({ "GET /x": "$1" }, { network: "base-sepolia" })).toEqual(['missing_pay_to routes["GET /x"].payTo']);
  });

  it("C06 takes an address without checksum in one letter case", () => {
    expect(table({ "GET /x": "$1" }, { ...base, payTo: PAY_TO.toLowerCase() })).toEqual([]);
  });

  it("C09 refuses a main network without a facilitator of its own", () => {
    expect(problemsOf(() => createPaywall({ ...base, network: "base" }))).toEqual(["missing_facilitator facilitator"]);
    expect(problemsOf(() => createPaywall({ ...base, network: "base", facilitator: "https://pay.example" }))).toEqual(
      [],
    );
  });

  it("asks for one recipient for each kind of chain", () => {
    const both = { ...base, network: ["base-sepolia", "solana-devnet"] };
    expect(table({ "GET /x": "$1" }, both)).toEqual(["invalid_pay_to payTo"]);
    const payTo = { eip155: PAY_TO, solana: "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV" };
    expect(table({ "GET /x": "$1" }, { ...both, payTo })).toEqual([]);
  });

  it("refuses a facilitator that is not reached over https, or whose URL carries credentials or a query", () => {
    for (const facilitator of [
      "http://pay.example",
      "ftp://pay.example",
      "https://user:secret@pay.example",
      "https://pay.example?key=1",
      "pay",
    ]) {
      expect(problemsOf(() => createPaywall({ ...base, facilitator }))).toEqual(["invalid_facilitator facilitator"]);
    }
    expect(problemsOf(() => createPaywall({ ...base, facilitator: "http://127.0.0.1:4020" }))).toEqual([]);
  });

  it("C13 refuses a fixed offer that is too large for a header", () => {
    const extra = { note: "x".repeat(4000) };
    expect(table({ "GET /x": { price: "$1", extra } })).toEqual(['offer_too_large routes["GET /x"]']);
  });

  it("never changes the options that it is given", () => {
    const routes = Object.freeze({ "GET /x": Object.freeze({ price: "$1", tags: Object.freeze(["a"]) }) });
    expect(table(routes, Object.freeze({ ...base }))).toEqual([]);
  });
});

describe("C07 a price in a table", () => {
  const refused = [
    "$0.0000001",
    "0.0000009",
    1e-7,
    5e-324,
    "$0",
    0,
    28.999999999999996,
    "$1.0000019",
    "$0.00000149",
    "-5",
    "$-5",
    "$1e3",
    "1e3",
    "",
    "$",
    10000,
    "$1,000",
    "$.5",
    "$5.",
    Number.NaN,
    -0,
    "$１",
    "$١",
    "$ 1",
    "$01",
    1e21,
    2 ** 53 + 1,
    null,
    true,
    [],
    {},
    "1 NOPE",
    { amount: "0.5", asset: "USDC" },
    { amount: 10000, asset: "USDC" },
    { amount: "1e3", asset: "USDC" },
    { amount: "-5", asset: "USDC" },
    { amount: "0", asset: "USDC" },
    { amount: 0n, asset: "USDC" },
    { amount: "", asset: "USDC" },
    { amount: "1", asset: "NOPE" },
  ];
  it("stops the start when it is not an exact positive amount of a known token", () => {
    for (const price of refused) expect(table({ "GET /x": price }), String(price)).not.toEqual([]);
  });

  it("is taken when it is exact", () => {
    for (const price of [
      "$0.000001",
      "$1",
      "$1000000",
      "0.01 EURC",
      "0.01 usdc",
      { amount: "1", asset: "USDC" },
      { amount: 10n ** 20n, asset: "USDC" },
    ]) {
      expect(table({ "GET /x": price })).toEqual([]);
    }
  });
});

describe("C02 C04 a table", () => {
  it("refuses verbs that nobody serves, two verbs in one key, and paths without a slash", () => {
    for (const key of [
      "GTE /x",
      "get /x",
      "GET|POST /x",
      "GET,POST /x",
      "HEAD /x",
      "OPTIONS /x",
      "GET x",
      "GET  /x",
      "/x",
      "GET",
    ]) {
      expect(table({ [key]: "$1" })).toEqual([`invalid_route routes["${key}"]`]);
    }
  });

  it("refuses two patterns that price the same request", () => {
    expect(table({ "GET /a/:id": "$1", "GET /a/b": "$5" })).toHaveLength(1);
    expect(table({ "GET /files/*": "$1", "GET /files/a/b": "free" })).toHaveLength(1);
    expect(table({ "GET /a/:x": "$1", "GET /:y/b": "$1" })).toHaveLength(1);
    expect(table({ "ALL /a/:x": "$1", "GET /a/b": "$1" })).toEqual([]);
  });

  it("takes patterns that only look alike, and verbs apart", () => {
    expect(
      table({ "GET /a/:id": "$1", "GET /b/:id": "$5", "GET /a": "$1", "GET /a/:id/c": "$1", "POST /a/b": "$2" }),
    ).toEqual([]);
  });

  it("needs at least one price", () => {
    expect(table({})).toEqual(["missing_routes routes"]);
  });

  it("answers 405 with Allow for a verb that it leaves out, and opens what is free by name", async () => {
    const { paths } = compileTable(base, { "GET /x": "$1", "POST /x": "free" }, read);
    const [path] = paths;
    expect(path?.route("POST")).toBeUndefined();
    expect(path?.route("OPTIONS")).toBeUndefined();
    expect(path?.route("HEAD")).toBe(path?.route("GET"));
    const decision = await path?.route("PATCH")?.admit({} as never);
    expect(decision).toMatchObject({ type: "reply", reply: { status: 405 } });
    expect(JSON.stringify(decision)).toContain('["Allow","GET, HEAD, POST, OPTIONS"]');
    expect(JSON.stringify(decision)).toContain("verb_not_listed");
  });
});

describe("G42 a configuration that cannot work", () => {
  const start = (config: object) => messageOf(() => createPaywall(config as PaywallConfig));

  it.each([
    ["Base", "base"],
    ["BASE-SEPOLIA", "base-sepolia"],
    ["base sepolia", "base-sepolia"],
    ["base-sepholia", "base-sepolia"],
    ["Arbitrum One", "arbitrum"],
    ["solana_devnet", "solana-devnet"],
  ])("names the network that was meant by %s", (network, meant) => {
    expect(start({ ...base, network })).toContain(`did you mean "${meant}"?`);
  });

  it("names no network where none was meant", () => {
    expect(start({ ...base, network: "dogecoin" })).toMatch(/known networks are base, base-sepolia/);
  });

  it.each([
    ["payto", "payTo"],
    ["pay_to", "payTo"],
    ["facilitatorURL", "facilitator"],
    ["stroe", "store"],
    ["net_works", "networks"],
    ["setlle", "settle"],
  ])("names the option that was meant by %s", (option, meant) => {
    const message = start({ ...base, [option]: "x" });
    expect(message).toContain(`did you mean "${meant}"?`);
    expect(message).toContain("[unknown_option]");
  });

  it("names the option of a route, the method and the token that were meant", () => {
    const at = (routes: object) => messageOf(() => compileTable(base, routes as never, read));
    expect(at({ "GET /a": { price: "$1", lable: "a" } })).toContain('did you mean "label"?');
    expect(at({ "get /a": "$1" })).toContain('did you mean "GET /a"?');
    expect(at({ "PSOT /a": "$1" })).toContain('did you mean "POST /a"?');
    expect(at({ "GET /a": "1 USCD" })).toContain('did you mean "USDC"?');
  });

  it.each([undefined, "", "  ", "undefined"])("asks whether the variable is set where payTo is %j", (payTo) => {
    expect(start({ ...base, payTo })).toContain("check that the variable is set");
  });

  it("asks nothing about variables where the option is left out", () => {
    const message = messageOf(() => compileTable({ network: "base-sepolia" }, { "GET /a": "$1" }, read));
    expect(message).toContain("`payTo` is missing for base-sepolia [missing_pay_to]");
  });

  it.each([
    ["https://api.cdp.coinbase.com/platform/v2/x402", "cdp({ keyId, keySecret })"],
    ["https://x402.org", "https://x402.org/facilitator"],
    ["https://facilitator.example/verify", 'leave out "/verify"'],
  ])("refuses %s, where nothing can be settled", (facilitator, remedy) => {
    expect(start({ ...base, facilitator })).toContain(remedy);
  });

  it("refuses the public facilitator on main networks, unless another one stands beside it", () => {
    const facilitator = "https://x402.org/facilitator";
    expect(start({ ...base, facilitator })).toBe("");
    expect(start({ ...base, network: ["base-sepolia", "base"], facilitator })).toContain("test networks only");
    expect(start({ ...base, network: "base", facilitator: [facilitator, "https://facilitator.example"] })).toBe("");
  });

  it("refuses the contract of a token as payTo", () => {
    const usdc = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
    expect(start({ ...base, payTo: usdc })).toContain("it is the contract of USDC");
  });

  it("says only that where an engine stands in the place of a price or a table", () => {
    const tolls = createPaywall(base);
    const asTable = messageOf(() => compileTable({ "GET /a": "$1" } as never, tolls as never, read));
    expect(asTable).toContain("1 problem");
    expect(asTable).toContain("comes before the table: protect(app, tolls");
    const asPrice = messageOf(() => tolls.price(tolls as never, "GET /a"));
    expect(asPrice).toContain("1 problem");
    expect(asPrice).toContain("comes first: paid(tolls, price)");
    expect(messageOf(() => tolls.price(["$1"] as never, "GET /a"))).toContain("this is a list");
  });

  it("names the key of `payTo` or `chain` that is no network, and the one that was probably meant", () => {
    expect(start({ ...base, payTo: { eip115: PAY_TO, "base-sepolia": PAY_TO } })).toContain(
      '"eip115" is neither a network nor a namespace such as "eip155"; did you mean "eip155"?',
    );
    expect(start({ ...base, payTo: { eip155: PAY_TO, "eip155:7777": PAY_TO, solana: "x" } })).toBe("");
    const chain = start({ ...base, chain: { bas: "https://node.example" } });
    expect(chain).toContain('"bas" is not a network; did you mean "base"?');
    const misplaced = start({ ...base, chain: { "https://node.example/v2/s3cr3t": "base" } });
    expect(misplaced).toContain("a key is not a network");
    expect(misplaced).not.toContain("s3cr3t");
  });

  it("knows arguments in the order of the official packages, and their options", () => {
    const inOrder = messageOf(() => compileTable(PAY_TO as never, { "GET /a": "$1" }, read));
    expect(inOrder).toContain("the first argument is a configuration");
    expect(inOrder).toContain("docs/migrating.md");
    expect(start({ "GET /weather": { price: "$1" } })).toContain("docs/migrating.md");
    const accepts = { accepts: [{ scheme: "exact", price: "$1", network: "eip155:84532", payTo: PAY_TO }] };
    expect(messageOf(() => compileTable(base, { "GET /a": accepts } as never, read))).toContain("docs/migrating.md");
    expect(messageOf(() => createPaywall("$0.01" as never))).toContain('paid(tolls, "$0.01")');
    expect(start(undefined as never)).toContain("in a circle");
  });
});
