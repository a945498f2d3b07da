import { cdp } from "@turnpike/core";
import { startFacilitator, type TestFacilitator } from "@turnpike/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toAsk } from "../src/lib/facilitators.js";
import { makePayment } from "./support/payments.js";
import { type Circumstances, run } from "./support/run.js";
import { openStage, type Stage } from "./support/stages.js";

let stage: Stage;
let facilitator: TestFacilitator;
beforeEach(async () => {
  stage = await openStage("sqlite");
  facilitator = await startFacilitator();
});
afterEach(async () => {
  await facilitator.close();
  await stage.close();
});
const health = (args: readonly string[] = [], circumstances: Circumstances = {}) =>
  run(["health", ...args, ...stage.args], circumstances);
const linesOf = (out: string) =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));

const COINBASE = "https://api.cdp.coinbase.com/platform/v2/x402";
/** 64 bytes, as Coinbase's Ed25519 secrets are. */
const keys = { CDP_API_KEY_ID: "id", CDP_API_KEY_SECRET: Buffer.alloc(64, 1).toString("base64") };

describe("health", () => {
  it("asks the facilitators that are named, and ends with 0 where store and one of them are ready", async () => {
    await stage.put(await makePayment({ age: 90_000, facilitator: facilitator.url }));
    const { code, out } = await health(["--facilitator", facilitator.url]);
    expect(code).toBe(0);
    expect(linesOf(out)).toEqual([
      ["READY", "yes"],
      ["store", "sqlite: ready"],
      ["unknown", expect.stringMatching(/^1, the oldest for 9\d s$/)],
      ["owed", "0"],
      ["facilitator", `${facilitator.url}: ready`],
    ]);
  });

  it("asks none where none is named, and shows which ones the shop has used", async () => {
    const at = Date.UTC(2026, 10, 1, 12, 30);
    const used = { facilitator: facilitator.url, createdAt: at, updatedAt: at } as const;
    await stage.put(await makePayment({ state: "delivered", ...used }));
    const { code, out } = await health();
    expect(code).toBe(0);
    expect(linesOf(out)).toEqual([
      ["READY", "yes"],
      ["store", "sqlite: ready"],
      ["unknown", "0"],
      ["owed", "0"],
      ["facilitator", `${facilitator.url}: not checked`],
      ["", "last in a record at 2026-11-01 12:30"],
    ]);
    expect(out).not.toContain("x402.org");
    expect(facilitator.supporteds).toBe(0);
    expect(JSON.parse((await health(["--json"])).out)).toEqual({
      ready: true,
      store: { name: "sqlite", ready: true },
      open: { unknown: { count: 0, oldestSeconds: 0 }, owed: { count: 0, oldestSeconds: 0 } },
      facilitators: [],
      notAsked: [{ id: facilitator.url, lastUsedAt: "2026-11-01T12:30:00Z" }],
    });
  });

  it("ends with 1 where no facilitator that was named answers, and says which and why", async () => {
    await stage.put(await makePayment({ state: "delivered" }));
    await facilitator.refuse();
    const { code, out } = await health(["--facilitator", facilitator.url]);
    expect(code).toBe(1);
    expect(out).toMatch(/^READY +no\n/);
    expect(out).toContain(`${facilitator.url}: failing, facilitator_unreachable`);
  });

  it("says what is missing to ask Coinbase's facilitator, and shows it as not checked until then", async () => {
    await stage.put(await makePayment({ state: "delivered", facilitator: COINBASE }));
    const { code, out } = await health();
    expect(code).toBe(0);
    expect(out).toContain(`${COINBASE}: not checked`);
    expect(out).toContain("set CDP_API_KEY_ID and CDP_API_KEY_SECRET to check it");
    for (const name of ["cdp", "CDP", COINBASE]) {
      const refused = await health(["--facilitator", name]);
      expect([refused.code, refused.out]).toEqual([1, ""]);
      expect(refused.err).toContain("missing_keys");
    }
    const secret = "not-a-key";
    const bad = await health([], { env: { CDP_API_KEY_ID: "id", CDP_API_KEY_SECRET: secret } });
    expect(bad.code).toBe(1);
    expect(bad.err).toContain("invalid_facilitator");
    expect(bad.err).not.toContain(secret);
  });
});

describe("facilitators to ask", () => {
  const ids = (named: readonly string[], used: readonly string[], env: Record<string, string>) => {
    const records = used.map((id) => ({ id, lastUsedAt: 0 }));
    return toAsk(named, records, env).map((one) => (typeof one === "string" ? one : one.id));
  };

  it("are those that were named, and Coinbase's with its keys where it is named or on record", () => {
    const own = "https://facilitator.test";
    expect(ids([own], [], keys)).toEqual([own]);
    expect(ids([], [own], keys)).toEqual([]);
    expect(ids([], [own, COINBASE], keys)).toEqual([cdp({ keyId: "id", keySecret: keys.CDP_API_KEY_SECRET }).id]);
    expect(ids([own], [COINBASE], keys)).toEqual([own, COINBASE]);
    expect(ids(["cdp", own], [COINBASE], keys)).toEqual([COINBASE, own]);
    expect(ids([`${COINBASE}/`], [], keys)).toEqual([COINBASE]);
    expect(ids([own], [COINBASE], {})).toEqual([own]);
    expect(ids([own], [COINBASE], { ...keys, CDP_API_KEY_SECRET: " " })).toEqual([own]);
  });
});
