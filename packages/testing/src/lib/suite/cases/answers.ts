import { expect } from "vitest";
import { encodeHeader } from "../../client/header.js";
import type { Casebook } from "../casebook.js";
import { paid } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const bought = { h: 1, v: 1, s: 1, c: 1 };
type Fields = readonly (readonly [string, string])[];

/** Headers of a paid response (D18, D40, D42; row 53). */
export function testAnswerHeaders({ check }: Casebook): void {
  const answering = (headers: Fields, status = 200): RoutePlan => ({
    ...paid,
    handle: () => ({ status, headers, body: "paid" }),
  });

  check("D18 does not let the handler write payment headers", async (open) => {
    const forged: Fields = [
      ["payment-response", encodeHeader({ success: true, transaction: "0xf0", network: "eip155:1" })],
      ["payment-required", encodeHeader({ x402Version: 2, accepts: [] })],
      ["settlement-overrides", '{"amount":"1"}'],
      ["x-payment-response", "forged"],
      ["x-kept", "yes"],
    ];
    const shop = await open({ routes: [answering(forged)] });
    const { response, receipt } = await shop.buy();
    expect(receipt?.transaction).toBe(shop.facilitator.charges[0]?.transaction);
    expect(shop.facilitator.charges[0]?.amount).toBe("10000");
    expect(response.headers.get("payment-required")).toBeNull();
    expect(response.headers.get("settlement-overrides")).toBeNull();
    expect(response.headers.get("x-kept")).toBe("yes");
    shop.counted(bought);
  });

  check("D18b does not let an uncharged answer carry a receipt", async (open) => {
    const forged: Fields = [
      ["payment-response", encodeHeader({ success: true, transaction: "0xf0", network: "eip155:1" })],
    ];
    const shop = await open({ routes: [answering(forged, 500)] });
    const { response } = await shop.buy();
    expect(response.status).toBe(500);
    expect(response.headers.get("payment-response")).toBeNull();
    shop.counted({ h: 1, v: 1, s: 0, c: 0 });
  });

  check("D40 keeps a paid answer out of shared caches", async (open) => {
    const asked: Fields = [
      ["cache-control", "public, max-age=60, s-maxage=600"],
      ["cdn-cache-control", "public, max-age=60"],
      ["surrogate-control", "max-age=60"],
      ["etag", '"shop"'],
    ];
    const shop = await open({ routes: [answering(asked)] });
    const { response } = await shop.buy();
    const control = response.headers.get("cache-control") ?? "";
    expect(control).toMatch(/\bprivate\b/);
    expect(control).toMatch(/\bmax-age=60\b/);
    expect(control).not.toMatch(/public|s-maxage/);
    expect(response.headers.get("cdn-cache-control")).toBeNull();
    expect(response.headers.get("surrogate-control")).toBeNull();
    expect(response.headers.get("etag")).toBe('"shop"');
  });

  check("D41b tells caches that a payment makes another answer, beside what the handler varies by", async (open) => {
    const shop = await open({ routes: [answering([["vary", "Accept-Language"]])] });
    const { response, header } = await shop.buy();
    await response.arrayBuffer();
    await shop.becomes("delivered");
    for (const answer of [response, await shop.pay(header)]) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get("vary")).toMatch(/\bAccept-Language\b/i);
      expect(answer.headers.get("vary")).toMatch(/\bPAYMENT-SIGNATURE\b/i);
    }
  });

  check("D40b says private where the handler says nothing, and leaves no-store alone", async (open) => {
    const silent = await open();
    expect((await silent.buy()).response.headers.get("cache-control")).toMatch(/\bprivate\b/);
    const strict = await open({ routes: [answering([["cache-control", "no-store"]])] });
    expect((await strict.buy()).response.headers.get("cache-control")).toMatch(/\bno-store\b/);
  });

  check("D42c lets browsers read the receipt, beside what the handler exposes", async (open) => {
    const shop = await open({ routes: [answering([["access-control-expose-headers", "X-Total"]])] });
    const { response } = await shop.buy();
    const exposed = (response.headers.get("access-control-expose-headers") ?? "").toLowerCase().split(/ *, */);
    expect(exposed).toEqual(expect.arrayContaining(["x-total", "payment-response"]));
  });

  check("D43 answers a paid request in full, whatever its entity tag", async (open) => {
    const shop = await open({ routes: [answering([["etag", '"shop"']])] });
    const { response } = await shop.buy("/paid", {}, { headers: { "if-none-match": '"other"' } });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("paid");
    shop.counted(bought);
  });
}

/** Prices by function (M05, M06). */
export function testPrices({ check, harness }: Casebook): void {
  const query = (raw: unknown): URLSearchParams =>
    new URL(harness.url(raw as never), "http://any.example").searchParams;

  check("M05 answers 500 for a price function that fails or returns nonsense, paid or not", async (open) => {
    const values: Record<string, () => unknown> = {
      throws: () => {
        throw new Error("s3cr3t-price");
      },
      rejects: () => Promise.reject(new Error("s3cr3t-price")),
      undefined: () => undefined,
      null: () => null,
      number: () => 0.01,
      NaN: () => Number.NaN,
      true: () => true,
      empty: () => "",
      "empty object": () => ({}),
      text: () => "s3cr3t-price",
      zero: () => "$0",
      "zero atomic": () => ({ amount: "0", asset: "USDC" }),
      negative: () => "-$1",
      "negative atomic": () => ({ amount: "-5", asset: "USDC" }),
      "too fine": () => "$0.0000001",
      exponent: () => "$1e-3",
      free: () => "free",
    };
    const shop = await open({
      routes: [
        { path: ["paid"], price: "$0.01" },
        { id: "priced", path: ["priced"], price: (raw: unknown) => values[query(raw).get("by") ?? ""]?.() as string },
      ],
    });
    const header = await shop.header();
    for (const by of Object.keys(values)) {
      for (const response of [await shop.get(`/priced?by=${by}`), await shop.pay(header, `/priced?by=${by}`)]) {
        expect(response.status, by).toBe(500);
        expect(response.headers.get("payment-required"), by).toBeNull();
        expect(await response.text(), by).not.toContain("s3cr3t-");
      }
    }
    shop.counted({ h: 0, v: 0, s: 0, c: 0 }, "priced");
  });

  check("M05b moves a price that leaves its bounds to the bound", async (open) => {
    const price = (raw: unknown): string => `$${query(raw).get("n")}`;
    const shop = await open({ routes: [{ path: ["paid"], price: { price, minPrice: "$0.01", maxPrice: "$1" } }] });
    const amount = async (n: string): Promise<string | undefined> =>
      (await shop.challenge(`/paid?n=${n}`)).accepts[0]?.amount;
    expect(await amount("0.5")).toBe("500000");
    expect(await amount("0.001")).toBe("10000");
    expect(await amount("100000000000000000000")).toBe("1000000");
    const { receipt } = await shop.buy("/paid?n=999");
    expect(receipt?.success).toBe(true);
    expect(shop.facilitator.charges[0]?.amount).toBe("1000000");
  });

  check("M06 never asks less than the least price, whatever the query says", async (open) => {
    const price = (raw: unknown): string => `$${(Number(query(raw).get("n")) / 1000).toFixed(3)}`;
    const shop = await open({ routes: [{ path: ["paid"], price: { price, minPrice: "$0.001", maxPrice: "$1" } }] });
    for (const n of ["0", "-1", "[]", "NaN", "1e400", "9".repeat(40), "", "0.0001"]) {
      const response = await shop.get(`/paid?n=${encodeURIComponent(n)}`);
      expect([402, 500], n).toContain(response.status);
      if (response.status !== 402) continue;
      const amount = BigInt((await shop.challenge(`/paid?n=${encodeURIComponent(n)}`)).accepts[0]?.amount ?? "0");
      expect(amount >= 1_000n && amount <= 1_000_000n, n).toBe(true);
    }
    shop.counted({ h: 0, v: 0, s: 0, c: 0 });
  });

  check("M06b charges what the query that was paid for costs, and refuses a cheaper one's payment", async (open) => {
    const price = (raw: unknown): string => `$0.0${query(raw).get("size")}`;
    const shop = await open({ routes: [{ path: ["paid"], price: { price } }] });
    const cheap = await shop.header("/paid?size=1");
    expect((await shop.pay(cheap, "/paid?size=5")).status).toBe(402);
    shop.counted({ h: 0, v: 0, s: 0, c: 0 });
    expect((await shop.buy("/paid?size=5")).response.status).toBe(200);
    expect(shop.facilitator.charges.map(({ amount }) => amount)).toEqual(["50000"]);
  });

  check("M05c lets a price function refuse a request before any payment is asked", async (open) => {
    const refusal = { status: 400, code: "bad_size", detail: "size is 1 to 1000" };
    const shop = await open({ routes: [{ path: ["paid"], price: () => ({ refusal }) }] });
    const response = await shop.get();
    expect(response.status).toBe(400);
    expect(response.headers.get("payment-required")).toBeNull();
    expect(await response.json()).toMatchObject({ code: "bad_size", detail: "size is 1 to 1000" });
    shop.counted({ h: 0, v: 0, s: 0, c: 0 });
  });
}
