import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePayment, makeSale } from "./support/payments.js";
import { run } from "./support/run.js";
import { openStage, type Stage } from "./support/stages.js";

let stage: Stage;
beforeEach(async () => {
  stage = await openStage("sqlite");
});
afterEach(() => stage.close());
const command = (...args: string[]) => run([...args, ...stage.args]);

const shortOf = async (id: string): Promise<string> => {
  const found = JSON.parse((await command("payments", "--json")).out) as { id: string; short: string }[];
  return found.find((one) => one.id === id)?.short ?? "";
};
const digest = (id: string) => createHash("sha256").update(id).digest("hex");

describe("a short id", () => {
  it("names the payment in every command", async () => {
    const [payment, other] = [await makePayment({ age: 5_000 }), await makePayment({ age: 9_000 })];
    await stage.put(payment, other);
    const short = await shortOf(payment.id);
    expect((await command("show", short)).out).toContain(payment.id);
    expect(JSON.parse((await command("show", short.toUpperCase(), "--json")).out)).toMatchObject({
      id: payment.id,
      short,
    });
    const { code, out } = await command("resolve", short, "failed", "--yes");
    expect([code, out]).toEqual([0, `${payment.id} is failed.\n`]);
    expect(await stage.read(other.id)).toMatchObject({ state: "unknown" });
  });

  it("stays the same when the payment moves on", async () => {
    const payment = await makePayment({ age: 5_000 });
    await stage.put(payment);
    const short = await shortOf(payment.id);
    await command("resolve", short, "failed", "--yes");
    expect(await shortOf(payment.id)).toBe(short);
    expect(JSON.parse((await command("show", short, "--json")).out)).toMatchObject({ id: payment.id, state: "failed" });
  });

  it("that several payments have is an error that names them, and does nothing", async () => {
    const createdAt = Date.UTC(2026, 10, 1);
    const byDigest = new Map<string, string>();
    let pair: string[] = [];
    for (let index = 0; pair.length === 0; index++) {
      const id = `x402:test:${index}`;
      const twin = byDigest.get(digest(id).slice(0, 4));
      if (twin !== undefined) pair = [twin, id];
      byDigest.set(digest(id).slice(0, 4), id);
    }
    const third = await makePayment({ createdAt });
    await stage.put(third, ...(await Promise.all(pair.map((id) => makePayment({ createdAt, id })))));
    const short = await shortOf(pair[0] as string);
    for (const args of [
      ["show", short],
      ["resolve", short, "failed", "--yes"],
    ]) {
      const { code, out, err } = await command(...args);
      expect([code, out]).toEqual([1, ""]);
      expect(err).toContain("ambiguous_id");
      for (const id of pair) expect(err).toContain(id);
      expect(err).not.toContain(third.id);
    }
    for (const id of pair) expect(await stage.read(id)).toMatchObject({ state: "unknown" });
    // More of the digest, or the full id, tells them apart.
    const longer = `${short.split("-")[0]}-${digest(pair[1] as string).slice(0, 12)}`;
    expect((await command("show", longer)).out).toContain(pair[1]);
    expect((await command("show", pair[0] as string)).out).toContain(pair[0]);
    // Less of it is enough where it is the only one.
    expect((await command("show", short.split("-")[0] as string)).err).toContain("3 payments");
  });

  it("that no payment has is an error with a code of its own", async () => {
    await stage.put(await makePayment());
    for (const id of ["mx0qr0f4-b3f1", "x402:none", "none", "0", "zzzzzzzzz-0", ""]) {
      const { code, out, err } = await command("show", id);
      expect([code, out]).toEqual([1, ""]);
      expect(err).toContain("payment_not_found");
    }
    expect((await command("resolve", "mx0qr0f4-b3f1", "failed", "--yes")).err).toContain("payment_not_found");
  });
});

describe("show", () => {
  it("prints one payment in full", async () => {
    const at = Date.UTC(2026, 10, 1, 12);
    const refund = { note: "Bank transfer of 2 November" };
    const times = { settled: at, owed: at + 1_000, refunded: at + 90_000 };
    const payment = await makeSale(at, { state: "refunded", refund, times, reason: "resolved_by_hand" });
    await stage.put(payment);
    const { code, out, err } = await command("show", payment.id);
    expect([code, err]).toEqual([0, ""]);
    const lines = Object.fromEntries(
      out
        .trimEnd()
        .split("\n")
        .map((line) => line.split(/ {2,}/)),
    );
    expect(lines).toMatchObject({
      ...{ id: payment.id, state: "refunded", reason: "resolved_by_hand", route: "GET /weather" },
      ...{ amount: "0.01 USDC (10000 atomic units)", network: "base-sepolia (eip155:84532)", payer: payment.payer },
      ...{ "refund note": refund.note, charged: "2026-11-01T12:00:00Z", "owed since": "2026-11-01T12:00:01Z" },
    });
    expect(JSON.parse((await command("show", payment.id, "--json")).out)).toMatchObject({
      ...{ money: "0.01", refund, times: { settled: "2026-11-01T12:00:00Z", refunded: "2026-11-01T12:01:30Z" } },
    });
  });
});
