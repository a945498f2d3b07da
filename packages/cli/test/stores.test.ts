import { startFacilitator, type TestFacilitator } from "@turnpike/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePayment, makeSale, signatureOf } from "./support/payments.js";
import { run } from "./support/run.js";
import { findTrouble, openStage, type Stage, type StageName } from "./support/stages.js";

/** Where the services belong to the machine, a suite that is left out is a failure. */
const isRequired = Boolean(process.env.CI) || process.env.TURNPIKE_REQUIRE_SERVICES === "1";

for (const name of ["sqlite", "redis", "postgres"] as const satisfies StageName[]) {
  const trouble = await findTrouble(name);
  if (trouble === undefined) describe(`over ${name}`, () => testOver(name));
  else if (isRequired) {
    it(`${name} is there`, () => {
      throw new Error(trouble);
    });
  } else {
    process.stdout.write(`The command over ${name}: left out, since ${trouble}\n`);
    it(`over ${name}`, ({ skip }) => skip(trouble));
  }
}

function testOver(name: StageName): void {
  let stage: Stage;
  let facilitator: TestFacilitator;
  beforeEach(async () => {
    stage = await openStage(name);
    facilitator = await startFacilitator();
  });
  afterEach(async () => {
    await facilitator.close();
    await stage.close();
  });
  const command = (...args: string[]) => run([...args, ...stage.args]);

  it("lists the payments of the app", async () => {
    const [older, newer] = [await makePayment({ age: 5_000 }), await makePayment({ state: "owed" })];
    await stage.put(older, newer);
    const { code, out, err } = await command("payments", "--json");
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject([
      { id: newer.id, state: "owed" },
      { id: older.id, state: "unknown" },
    ]);
    expect(out).not.toContain(signatureOf(older));
  });

  it("adds up what was sold, and finds a payment by its short id or its full one", async () => {
    const sale = await makeSale(Date.UTC(2026, 10, 1));
    await stage.put(sale);
    expect(JSON.parse((await command("sales", "--json")).out)).toMatchObject([
      { day: "2026-11-01", route: "GET /weather", token: "USDC", sales: 1, money: "0.01" },
    ]);
    await stage.put(await makePayment({ age: 5_000 }));
    const { short } = JSON.parse((await command("show", sale.id, "--json")).out);
    expect(JSON.parse((await command("show", short, "--json")).out)).toMatchObject({ id: sale.id, money: "0.01" });
  });

  it("makes no store of a name that it does not know, and tells the names that there are", async () => {
    if (name === "sqlite") return;
    await stage.put(await makePayment());
    const [, , option = "", own = ""] = stage.args;
    const other = `${own}_misspelt`;
    for (const line of [["payments"], ["health"], ["sales"], ["reconcile"], ["resolve", "x", "failed", "--yes"]]) {
      const { code, out, err } = await run([...line, ...stage.args.slice(0, 2), option, other]);
      expect([code, out]).toEqual([1, ""]);
      expect(err).toContain("store_not_found");
      expect(err).toContain(other);
      expect(err).toContain(`${option} may be `);
    }
    expect(await stage.exists(other)).toBe(false);
  });

  it("settles what is unknown once, and leaves its delivery to the buyer", async () => {
    const payment = await makePayment({ facilitator: facilitator.url });
    await stage.put(payment);
    const { code, out, err } = await command("reconcile", "--facilitator", facilitator.url, "--json");
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toEqual({ examined: 1, settled: 1, failed: 0, released: 0, owed: 0, open: 0 });
    expect(facilitator.charges).toHaveLength(1);
    const record = await stage.read(payment.id);
    expect(record).toMatchObject({ state: "owed", receipt: { success: true } });
    expect(record?.payload).toBeUndefined();
  });

  it("writes down what an operator found out", async () => {
    const transaction = `0x${"ab".repeat(32)}`;
    const [charged, not] = [await makePayment(), await makePayment()];
    await stage.put(charged, not);
    const settled = await command("resolve", charged.id, "settled", "--transaction", transaction, "--yes");
    expect(settled).toEqual({ code: 0, out: `${charged.id} is owed.\n`, err: "" });
    const failed = await command("resolve", not.id, "failed", "--yes");
    expect(failed).toEqual({ code: 0, out: `${not.id} is failed.\n`, err: "" });
    expect(await stage.read(charged.id)).toMatchObject({ state: "owed", transaction });
    expect(await stage.read(not.id)).toMatchObject({ state: "failed" });
  });

  it("tells how store and facilitators are, and what is open", async () => {
    await stage.put(await makePayment({ age: 90_000 }), await makePayment({ state: "owed" }));
    const { code, out, err } = await command("health", "--facilitator", facilitator.url, "--json");
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toMatchObject({
      ready: true,
      store: { name, ready: true },
      open: { unknown: { count: 1 }, owed: { count: 1 } },
      facilitators: [{ id: facilitator.url, ready: true }],
    });
  });
}
