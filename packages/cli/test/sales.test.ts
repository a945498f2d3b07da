import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readCsv, readRows } from "./support/csv.js";
import { makePayment, makeSale, offer } from "./support/payments.js";
import { type Circumstances, fastClock, run } from "./support/run.js";
import { openStage, type Stage } from "./support/stages.js";

let stage: Stage;
beforeEach(async () => {
  stage = await openStage("sqlite");
});
afterEach(() => stage.close());

const sales = (args: readonly string[] = [], circumstances: Circumstances = {}) =>
  run(["sales", ...args, ...stage.args], circumstances);
const linesOf = (out: string) => out.trimEnd().split("\n");
const noon = (day: number, month = 10) => Date.UTC(2026, month, day, 12);
const EURC = { ...offer, asset: "0x808456652fdb597867f38412077A9182bf77359F", amount: "2500000" };

/** Two days, two routes, two tokens, a refund, and what was not charged. */
const putSales = async () => {
  const refunded = { state: "refunded", refund: { note: "Bank" } } as const;
  await stage.put(
    await makeSale(noon(1)),
    await makeSale(noon(1), refunded),
    await makeSale(noon(1), { route: "POST /items" }),
    await makeSale(noon(2), { offer: EURC }),
    await makeSale(noon(2, 9)),
    await makePayment({ state: "failed", createdAt: noon(1) }),
  );
};

describe("the table of sales", () => {
  it("has what was sold and refunded for each day, route and token, in money, and the sums", async () => {
    await putSales();
    const { code, out, err } = await sales(["--from", "2026-11-01", "--to", "2026-12-01"], { columns: 120 });
    expect([code, err]).toEqual([0, ""]);
    const [span, ...lines] = linesOf(out);
    expect(span).toBe("Sales from 2026-11-01T00:00:00Z to 2026-12-01T00:00:00Z, in UTC:");
    expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["DAY", "ROUTE", "NETWORK", "SALES", "AMOUNT", "REFUNDS", "REFUNDED"],
      ["2026-11-01", "GET /weather", "base-sepolia", "2", "0.02 USDC", "1", "0.01 USDC"],
      ["2026-11-01", "POST /items", "base-sepolia", "1", "0.01 USDC", "0", "0 USDC"],
      ["2026-11-02", "GET /weather", "base-sepolia", "1", "2.5 EURC", "0", "0 EURC"],
      ["TOTAL", "-", "base-sepolia", "3", "0.03 USDC", "1", "0.01 USDC"],
      ["TOTAL", "-", "base-sepolia", "1", "2.5 EURC", "0", "0 EURC"],
    ]);
  });

  it("fits the terminal, unless --wide is given", async () => {
    const route = `GET /${"long/".repeat(40)}:id`;
    await stage.put(await makeSale(noon(1), { route }));
    for (const columns of [80, 100]) {
      const { out } = await sales([], { columns });
      for (const line of linesOf(out)) expect(line.length).toBeLessThanOrEqual(columns);
      expect(out).toContain("0.01 USDC");
    }
    expect((await sales(["--wide"])).out).toContain(route);
  });

  it("says that there are none", async () => {
    await putSales();
    expect(await sales(["--from", "2027-01-01"])).toEqual({
      code: 0,
      out: "No sales since 2027-01-01T00:00:00Z.\n",
      err: "",
    });
    expect((await sales(["--from", "2027-01-01", "--json"])).out).toBe("[]\n");
  });

  it("keeps two tokens apart that are not known", async () => {
    const assets = [`0x${"12".repeat(20)}`, `0x${"34".repeat(20)}`];
    await stage.put(...(await Promise.all(assets.map((asset) => makeSale(noon(1), { offer: { ...offer, asset } })))));
    const { out } = await sales();
    for (const asset of assets) expect(out).toContain(`10000 units of ${asset}`);
  });
});

describe("sales for machines", () => {
  it("have atomic amounts, decimals and exact money as JSON, by what is asked for", async () => {
    await putSales();
    const { out } = await sales(["--json", "--by", "month"]);
    const usdc = {
      network: offer.network,
      networkName: "base-sepolia",
      asset: offer.asset,
      token: "USDC",
      decimals: 6,
    };
    expect(JSON.parse(out)).toEqual([
      {
        ...{ month: "2026-10", ...usdc, sales: 1, amount: "10000", money: "0.01" },
        ...{ refunds: 0, refunded: "0", refundedMoney: "0", net: "10000", netMoney: "0.01" },
      },
      {
        ...{ month: "2026-11", ...usdc, sales: 3, amount: "30000", money: "0.03" },
        ...{ refunds: 1, refunded: "10000", refundedMoney: "0.01", net: "20000", netMoney: "0.02" },
      },
      {
        ...{ month: "2026-11", ...usdc, asset: EURC.asset, token: "EURC", sales: 1, amount: "2500000", money: "2.5" },
        ...{ refunds: 0, refunded: "0", refundedMoney: "0", net: "2500000", netMoney: "2.5" },
      },
    ]);
  });

  it("are CSV with a heading, where a route computes nothing", async () => {
    await stage.put(await makeSale(noon(1), { route: '=HYPERLINK("http://x","y")' }));
    const { out } = await sales(["--csv", "--by", "route,day,payer"]);
    const [names] = readCsv(out);
    expect(names).toEqual([
      ...["day", "route", "payer", "network", "asset", "token", "decimals", "sales", "amount", "money"],
      ...["refunds", "refunded", "refundedMoney", "net", "netMoney"],
    ]);
    expect(readRows(out)).toMatchObject([
      { day: "2026-11-01", route: `'=HYPERLINK("http://x","y")`, amount: "10000", money: "0.01", decimals: "6" },
    ]);
    expect(out.endsWith("\r\n")).toBe(true);
  });

  it("are never rounded, however large", async () => {
    const amount = `${10n ** 30n + 1n}`;
    await stage.put(await makeSale(noon(1), { offer: { ...offer, amount } }));
    expect(JSON.parse((await sales(["--json"])).out)).toMatchObject([{ amount, money: `${10n ** 24n}.000001` }]);
  });
});

describe("adding up sales", () => {
  it("tells on stderr how far it is, after a second, and ends with 130 where it is interrupted", async () => {
    const one = await makeSale(noon(1));
    await stage.put(...Array.from({ length: 1_001 }, (_, index) => ({ ...one, id: `x402:test:${index}` })));
    const told = await sales(["--json"], { now: fastClock() });
    expect(told.err).toMatch(/^turnpike: 1001 sales added up so far \(\d+ s\)\n/m);
    expect(JSON.parse(told.out)).toMatchObject([{ sales: 1_001 }]);
    const stopped = await sales(["--json"], { signal: AbortSignal.abort() });
    expect([stopped.code, stopped.out]).toEqual([130, ""]);
  });

  it("takes dates and times that exist, and no others", async () => {
    const args = ["2026-02-30", "2026-13-01", "11/01/2026", "yesterday", "1700000000000", "2026-11-01T25:00Z", ""];
    for (const text of args) {
      for (const option of ["--from", "--to"]) {
        const { code, err } = await sales([option, text]);
        expect({ text, code }).toEqual({ text, code: 1 });
        expect(err).toContain("invalid_arguments");
        expect(err).toContain(option);
      }
    }
    expect((await sales(["--by", "week"])).err).toContain("day, month, route, payer");
    expect((await sales(["--csv", "--json"])).err).toContain("invalid_arguments");
  });
});
