import type { StoredPayment } from "@turnpike/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readCsv, readRows } from "./support/csv.js";
import { makePayment, makeSale, offer, signatureOf } from "./support/payments.js";
import { type Circumstances, fastClock, run } from "./support/run.js";
import { openStage, type Stage } from "./support/stages.js";

let stage: Stage;
beforeEach(async () => {
  stage = await openStage("sqlite");
});
afterEach(() => stage.close());

const list = (args: readonly string[] = [], circumstances: Circumstances = {}) =>
  run(["payments", ...args, ...stage.args], circumstances);
const idsOf = (out: string) => (JSON.parse(out) as { id: string }[]).map(({ id }) => id);
const linesOf = (out: string) => out.trimEnd().split("\n");
const cellsOf = (line = "") => line.trim().split(/ {2,}/);
const transaction = `0x${"ab".repeat(32)}`;
const at = Date.UTC(2030, 0, 2, 3, 4, 5);
/** More than what is listed at once. */
const putMany = async (): Promise<readonly StoredPayment[]> => {
  const one = await makePayment();
  const payments = Array.from({ length: 1_203 }, (_, index) => {
    return { ...one, id: `x402:test:${index}`, createdAt: at - index };
  });
  await stage.put(...payments);
  return payments;
};

describe("the table of payments", () => {
  it("shows amounts in money, payers and short ids, within 80 columns where there is no terminal", async () => {
    const owed = await makePayment({
      createdAt: at,
      updatedAt: at,
      state: "owed",
      transaction,
      route: "GET /a/long/one/:id",
    });
    await stage.put(owed);
    const { code, out, err } = await list();
    expect([code, err]).toEqual([0, ""]);
    const [head, row] = linesOf(out);
    expect(cellsOf(head)).toEqual(["ID", "STATE", "SINCE", "AMOUNT", "ROUTE", "PAYER", "REASON"]);
    expect(cellsOf(row)).toEqual([
      expect.stringMatching(/^[0-9a-z]{8}-[0-9a-f]{4}$/),
      "owed",
      "2030-01-02 03:04",
      "0.01 USDC",
      expect.stringMatching(/^GET …\/:id$/),
      expect.stringMatching(/^0x\w+…\w+$/),
      "-",
    ]);
  });

  it("fits the terminal, and COLUMNS where there is none", async () => {
    const route = `GET /${"long/".repeat(40)}:id`;
    const reason = "invalid_exact_evm_insufficient_balance";
    await stage.put(await makePayment({ state: "owed", transaction, route, reason }), await makePayment());
    for (const width of [60, 80, 100, 132, 200]) {
      const terminal = (await list([], { columns: width })).out;
      expect((await list([], { env: { COLUMNS: String(width) } })).out).toBe(terminal);
      for (const line of linesOf(terminal))
        expect({ width, fits: line.length <= width }).toEqual({ width, fits: true });
      expect(terminal).toContain("0.01 USDC");
    }
    const roomy = (await list([], { columns: 200 })).out;
    for (const heading of ["NETWORK", "REASON", "TRANSACTION"]) expect(roomy).toContain(heading);
    expect(roomy).toContain("base-sepolia");
  });

  it("shortens nothing and leaves nothing out with --wide", async () => {
    const route = `GET /${"long/".repeat(40)}:id`;
    const payment = await makePayment({ state: "owed", transaction, route, reason: "delivery_failed" });
    await stage.put(payment);
    const { out } = await list(["--wide"], { columns: 40 });
    for (const text of [payment.id, route, transaction, String(payment.payer), "delivery_failed", offer.asset]) {
      expect(out).toContain(text);
    }
    expect(out).not.toContain("…");
  });

  it("names the atomic units of a token that is not known", async () => {
    await stage.put(await makePayment({ offer: { ...offer, asset: `0x${"12".repeat(20)}` } }));
    expect((await list()).out).toContain("10000 units");
    const [facts] = JSON.parse((await list(["--json"])).out);
    expect(facts).toMatchObject({ amount: "10000", networkName: "base-sepolia" });
    expect(facts).not.toHaveProperty("money");
  });

  it("says that there are none where there are none", async () => {
    await stage.put(await makePayment({ state: "delivered" }));
    expect(await list(["--state", "owed"])).toEqual({ code: 0, out: "No payments.\n", err: "" });
    expect(await list(["--state", "owed", "--json"])).toEqual({ code: 0, out: "[]\n", err: "" });
    expect(readCsv((await list(["--state", "owed", "--csv"])).out)).toHaveLength(1);
  });

  it("cannot write to the terminal what it would obey", async () => {
    const route = "GET /\u001b]0;owned\u0007\u009b31m\u202e\u{e0041}/\n/x";
    await stage.put(await makePayment({ route }));
    const shown = "GET /\\u001b]0;owned\\u0007\\u009b31m\\u202e\\udb40\\udc41/\\u000a/x";
    expect((await list(["--wide"])).out).toContain(`  ${shown}  `);
    expect((await list(["--csv"])).out).toContain(shown);
    const { out } = await list(["--json"]);
    expect(out).toMatch(/^[\n\x20-\x7e]*$/);
    expect(JSON.parse(out)).toMatchObject([{ route }]);
  });

  it("shows neither signature nor digests, nor what a facilitator wrote into its receipt", async () => {
    const receipt = {
      success: true,
      transaction: `0x${"cd".repeat(32)}`,
      network: offer.network,
      amount: "9999",
      extra: { note: "words of the facilitator" },
    };
    const payment = await makePayment({ receipt, proof: "d1".repeat(32), identifier: "d2".repeat(32) });
    await stage.put(payment);
    for (const args of [
      ["payments", "--wide"],
      ["payments", "--json"],
      ["payments", "--csv"],
      ["show", payment.id],
    ]) {
      const { out } = await run([...args, ...stage.args]);
      for (const shown of [payment.id, "0.009999", receipt.transaction]) expect(out).toContain(shown);
      for (const secret of [signatureOf(payment), "words of", "d1".repeat(8), "d2".repeat(8), payment.holder]) {
        expect(out).not.toContain(secret);
      }
    }
  });
});

describe("payments are chosen", () => {
  it("by state, and no more than asked for", async () => {
    const payments = await Promise.all(
      (["owed", "unknown", "delivered", "failed"] as const).map((state, index) =>
        makePayment({ state, age: 1_000 * (index + 1) }),
      ),
    );
    await stage.put(...payments);
    const ids = payments.map(({ id }) => id);
    expect(idsOf((await list(["--json"])).out)).toEqual(ids);
    expect(idsOf((await list(["--json", "--state", "unknown,owed"])).out)).toEqual(ids.slice(0, 2));
    expect(idsOf((await list(["--json", "--limit", "1"])).out)).toEqual(ids.slice(0, 1));
  });

  it("by route, payer in any spelling, and time", async () => {
    const day = (date: number) => Date.UTC(2026, 10, date);
    const route = "GET /forecast";
    const [one, two, three] = [
      await makeSale(day(1) - 1),
      await makeSale(day(1), { route }),
      await makeSale(day(2), { payer: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C" }),
    ];
    await stage.put(one, two, three);
    const chosen = async (...args: string[]) => idsOf((await list(["--json", ...args])).out);
    expect(await chosen("--route", route)).toEqual([two.id]);
    expect(await chosen("--payer", "0x209693bc6afc0c5328ba36faf03c514ef312287c")).toEqual([three.id]);
    expect(await chosen("--from", "2026-11-01")).toEqual([three.id, two.id]);
    expect(await chosen("--to", "2026-11-02")).toEqual([two.id, one.id]);
    expect(await chosen("--from", "2026-11-01T00:00Z", "--to", "2026-11-02T02:00+02:00")).toEqual([two.id]);
    expect(await chosen("--from", "2026-11", "--to", "2026-12")).toEqual([three.id, two.id]);
  });

  it("50 at most unless more are asked for, and all by --all, page by page", async () => {
    const ids = (await putMany()).map(({ id }) => id);
    expect(idsOf((await list(["--json"])).out)).toEqual(ids.slice(0, 50));
    expect(idsOf((await list(["--json", "--limit", "700"])).out)).toEqual(ids.slice(0, 700));
    expect(idsOf((await list(["--json", "--all"])).out)).toEqual(ids);
    expect(readRows((await list(["--csv", "--all"])).out).map(({ id }) => id)).toEqual(ids);
    const table = linesOf((await list(["--all"])).out);
    expect(table).toHaveLength(ids.length + 1);
    for (const line of table) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe("a long list", () => {
  it("waits for its reader before it goes on", async () => {
    await putMany();
    let waiting = false;
    const pieces: string[] = [];
    const written = (text: string) => {
      expect(waiting).toBe(false);
      waiting = true;
      pieces.push(text);
      return new Promise<void>((resolve) =>
        setImmediate(() => {
          waiting = false;
          resolve();
        }),
      );
    };
    expect((await list(["--all", "--csv"], { written })).code).toBe(0);
    expect(pieces.length).toBeGreaterThanOrEqual(3);
    for (const piece of pieces) expect(linesOf(piece).length).toBeLessThanOrEqual(501);
  });

  it("ends at once where it is interrupted, with 130, or where its reader has had enough", async () => {
    await putMany();
    for (const [member, code] of [["signal", 130] as const, ["unread", 0] as const]) {
      const stop = new AbortController();
      const ran = await list(["--all", "--csv"], { [member]: stop.signal, written: () => stop.abort() });
      expect(ran.code).toBe(code);
      expect(readRows(ran.out)).toHaveLength(500);
    }
  });

  it("tells on stderr how far it is, after a second", async () => {
    await putMany();
    const { out, err } = await list(["--all", "--json"], { now: fastClock() });
    expect(JSON.parse(out)).toHaveLength(1_203);
    expect(err).toMatch(/^turnpike: 1000 payments so far \(\d+ s\)\n/m);
  });
});

describe("payments as CSV", () => {
  it("have names, exact amounts and both ends of a refund", async () => {
    const refund = { transaction: `0x${"ef".repeat(32)}` };
    const payment = await makeSale(at, { state: "refunded", refund, route: 'GET /"a",b' });
    await stage.put(payment);
    const [row] = readRows((await list(["--csv"])).out);
    expect(row).toMatchObject({
      ...{ id: payment.id, state: "refunded", route: 'GET /"a",b', network: offer.network, asset: offer.asset },
      ...{ token: "USDC", decimals: "6", amount: "10000", money: "0.01", payer: payment.payer },
      ...{ transaction, refundTransaction: refund.transaction, refundNote: "", chargedAt: "2030-01-02T03:04:05Z" },
    });
  });

  it("have no cell that a spreadsheet would compute", async () => {
    const routes = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "GET /;=1", 'x"\n=1'];
    await stage.put(...(await Promise.all(routes.map((route) => makePayment({ route })))));
    const { out } = await list(["--csv"]);
    const shown = readRows(out).map(({ route }) => route);
    expect(new Set(shown)).toEqual(
      new Set([
        "'=1+1",
        "'+1",
        "'-1",
        "'@SUM(A1)",
        "\\u0009=1",
        "\\u000d=1",
        "\\u000a=1",
        "'＝1",
        "GET /;=1",
        'x"\\u000a=1',
      ]),
    );
    expect(out).toContain('"GET /;=1"');
    for (const cell of readCsv(out).flat()) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
  });
});
