import type { StoredPayment } from "@turnpike/core";
import { faults, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePayment, offer, signatureOf } from "./support/payments.js";
import { run } from "./support/run.js";
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
const command = (...args: string[]) => run([...args, ...stage.args]);
/** The file is made by its app, here with a payment that nothing is to be done about. */
const putNothingOpen = async () => stage.put(await makePayment({ state: "delivered" }));

describe("reconcile", () => {
  it("says what became of each open payment, in words", async () => {
    facilitator.respond("settle", faults.ok(), faults.fail("invalid_exact_evm_insufficient_balance"));
    const payments: StoredPayment[] = [];
    for (const age of [9_000, 8_000]) payments.push(await makePayment({ facilitator: facilitator.url, age }));
    // Left behind by a process that died: before it charged, and after.
    payments.push(await makePayment({ state: "running" }), await makePayment({ state: "settled" }));
    await stage.put(...payments);
    const { code, out, err } = await command("reconcile", "--facilitator", facilitator.url);
    expect(err).toBe("");
    expect(out).toBe(
      [
        "Checked 4: 1 charged, 0 not charged, 1 released, 1 owed to their buyers.",
        "1 still unknown: turnpike payments --state unknown",
        "",
      ].join("\n"),
    );
    expect(code).toBe(2);
  });

  it("ends with 2 while a payment is open, also one that was looked at a moment ago", async () => {
    facilitator.always("settle", faults.status(500));
    await stage.put(await makePayment({ facilitator: facilitator.url }));
    await stage.use(async (store) => {
      const [first] = await store.list({ states: ["unknown"], order: "newest", limit: 1 });
      await store.renew(first?.record.id ?? "", first?.record.holder ?? "", 60_000);
    });
    const { code, out } = await command("reconcile", "--facilitator", facilitator.url, "--json");
    expect(JSON.parse(out)).toMatchObject({ open: 1 });
    expect(code).toBe(2);
  });

  it("goes on until a pass resolves nothing more", async () => {
    const payments = Array.from({ length: 250 }, () => makePayment({ state: "running" }));
    await stage.put(...(await Promise.all(payments)));
    const { code, out } = await command("reconcile", "--facilitator", facilitator.url, "--json");
    expect(JSON.parse(out)).toEqual({ examined: 250, settled: 0, failed: 0, released: 250, owed: 0, open: 0 });
    expect(code).toBe(0);
  });

  it("says that nothing is open", async () => {
    await putNothingOpen();
    const { code, out } = await command("reconcile", "--facilitator", facilitator.url);
    expect(out).toContain("Nothing is in doubt.");
    expect(code).toBe(0);
  });

  it("tells why a chain could not be asked, once and without its address", async () => {
    await stage.put(...(await Promise.all([makePayment(), makePayment()])));
    const rpc = ["--rpc", "eip155:84532=http://127.0.0.1:1/secret-key"];
    const { code, err } = await command("reconcile", "--facilitator", facilitator.url, ...rpc);
    expect(code).toBe(2);
    expect(err).toMatch(/^turnpike: [^\n]*chain_unavailable[^\n]*\n$/);
    expect(err).not.toContain("secret-key");
  });

  it("alerts an operator to a facilitator whose answer contradicts the payment", async () => {
    facilitator.always("settle", faults.altered({ payer: "0x0000000000000000000000000000000000000001" }));
    const payment = await makePayment({ facilitator: facilitator.url });
    await stage.put(payment);
    const { code, err } = await command("reconcile", "--facilitator", facilitator.url);
    expect(code).toBe(2);
    expect(err).toContain("settlement_contradicted");
    expect(err).toContain(payment.id);
    expect(err).not.toContain(signatureOf(payment));
  });

  it("writes down what is under way once it is interrupted, begins no further pass, and ends with 130", async () => {
    const stop = new AbortController();
    facilitator.respond("settle", async (call) => {
      stop.abort();
      await faults.ok()(call);
    });
    const unknown = await makePayment({ facilitator: facilitator.url, age: 1_000 });
    const payments = Array.from({ length: 250 }, () => makePayment({ state: "running" }));
    await stage.put(unknown, ...(await Promise.all(payments)));
    const { code, out, err } = await run(["reconcile", "--json", "--facilitator", facilitator.url, ...stage.args], {
      signal: stop.signal,
    });
    expect(code).toBe(130);
    expect(err).toBe("turnpike: stopping once the current work is recorded\n");
    expect(JSON.parse(out)).toMatchObject({ settled: 1, open: 0 });
    expect(JSON.parse(out).examined).toBeLessThan(251);
    expect(await stage.read(unknown.id)).toMatchObject({ state: "owed" });
  });

  it("begins none at all where it is interrupted before", async () => {
    const payment = await makePayment({ facilitator: facilitator.url });
    await stage.put(payment);
    const { code } = await run(["reconcile", "--facilitator", facilitator.url, ...stage.args], {
      signal: AbortSignal.abort(),
    });
    expect(code).toBe(130);
    expect(facilitator.settles).toBe(0);
    expect(await stage.read(payment.id)).toEqual(payment);
  });
});

describe("resolve", () => {
  it("does nothing without --yes but say what it would mean", async () => {
    const payment = await makePayment();
    await stage.put(payment);
    for (const [state, meaning] of [
      ["settled", "was charged"],
      ["failed", "was not charged"],
    ] as const) {
      const { code, out, err } = await command("resolve", payment.id, state);
      expect([code, out]).toEqual([1, ""]);
      expect(err).toMatch(new RegExp(`^turnpike: .*${meaning}.*--yes.*\\(unconfirmed.*\\)\n$`));
    }
    expect(await stage.read(payment.id)).toEqual(payment);
  });

  it("prints the payment as JSON, without its signature", async () => {
    const payment = await makePayment();
    await stage.put(payment);
    const transaction = `0x${"ab".repeat(32)}`;
    const without = await command("resolve", payment.id, "settled", "--yes");
    expect([without.code, without.out]).toEqual([1, ""]);
    expect(without.err).toContain("invalid_transaction");
    const given = ["settled", "--transaction", transaction, "--yes", "--json"];
    const { code, out } = await command("resolve", payment.id, ...given);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ id: payment.id, state: "owed", amount: "10000", asset: offer.asset });
    expect(out).not.toContain(signatureOf(payment));
  });

  it("refuses a payment that is not unknown, or is not there", async () => {
    const payment = await makePayment({ state: "delivered" });
    await stage.put(payment);
    for (const id of [payment.id, "x402:none"]) {
      const { code, out, err } = await command("resolve", id, "failed", "--yes");
      expect([code, out]).toEqual([1, ""]);
      expect(err).toContain("not_unknown");
    }
    expect(await stage.read(payment.id)).toEqual(payment);
  });

  it("takes no transaction for what was not charged, and none that cannot be one", async () => {
    const payment = await makePayment();
    await stage.put(payment);
    const attempts = [
      ["failed", "--transaction", `0x${"ab".repeat(32)}`],
      ["settled", "--transaction", "0x12"],
      ["settled", "--transaction", "no hash"],
    ];
    for (const attempt of attempts) {
      const { code, err } = await command("resolve", payment.id, ...attempt, "--yes");
      expect(code).toBe(1);
      expect(err).toContain("invalid_arguments");
    }
    expect(await stage.read(payment.id)).toEqual(payment);
  });
});
