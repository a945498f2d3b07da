import { expect } from "vitest";
import type { Behaviour } from "../../facilitator/behaviour.js";
import { startFacilitator } from "../../facilitator/facilitator.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook, Open } from "../casebook.js";
import { expectChallenge, expectRetryLater, expectSilentAbout, problemOf, secret } from "../expectations.js";

const quick = { facilitatorTimeout: 400 };

/** A facilitator that cannot verify, or says no (F13 to F19, F23 to F25; rows 31, 50, 51). */
export function testVerifyFaults({ check }: Casebook): void {
  /** One purchase from a fresh app under a lasting fault: 503, and nothing ran or moved. */
  async function expectClosed(open: Open, what: string, behaviour: Behaviour): Promise<void> {
    const shop = await open({ config: quick });
    shop.facilitator.always("verify", behaviour);
    const { response } = await shop.buy();
    expectRetryLater(response, what);
    await expectSilentAbout(secret, response, what);
    await problemOf(response);
    expect(shop.facilitator.verifies, what).toBeGreaterThan(0);
    expect([shop.runs(), shop.facilitator.settles, shop.facilitator.charges.length], what).toEqual([0, 0, 0]);
  }

  check("F13 answers 503 while the facilitator has errors", async (open) => {
    for (const code of [400, 401, 404, 429, 500, 502, 503, 504]) {
      await expectClosed(open, String(code), faults.status(code, `<h1>${secret}</h1>`, { "x-secret": "s3cr3t-" }));
    }
  });

  check(
    "F13b answers 503 while the facilitator is down, serves what is free, and sells when it is back",
    async (open) => {
      const shop = await open({ routes: [{ path: ["paid"], price: "$0.01" }, { path: ["free"] }], config: quick });
      const header = await shop.header();
      await shop.facilitator.refuse();
      const response = await shop.pay(header);
      expectRetryLater(response);
      expect(shop.runs()).toBe(0);
      expect((await shop.get("/free")).status).toBe(200);
      expectChallenge(await shop.get());
      await shop.facilitator.accept();
      await expect.poll(async () => (await shop.pay(header)).status).toBe(200);
      expect(shop.runs()).toBe(1);
      expect(shop.facilitator.charges).toHaveLength(1);
    },
  );

  check("F14 answers 503 to a verification that cannot be read", async (open) => {
    const values = [null, [], [{ isValid: true }], "true", 1, {}, { isValid: "true" }, { isValid: 1 }, { valid: true }];
    for (const value of values) await expectClosed(open, JSON.stringify(value), faults.body(value));
  });

  check("F14b answers 503 to text, half of an answer, and an answer of another type", async (open) => {
    const broken: Record<string, Behaviour> = {
      "no JSON": faults.text(`isValid=true ${secret}`),
      empty: faults.text(""),
      "half of JSON": faults.text('{"isValid":true'),
      "a page": faults.wrongType("text/html"),
      "cut in half": faults.halfway(),
      reset: faults.reset(),
      "no HTTP": faults.raw(`hello ${secret}\r\n\r\n`),
    };
    for (const [what, behaviour] of Object.entries(broken)) await expectClosed(open, what, behaviour);
  });

  check("F15 gives up on an answer that is huge, drips or unpacks to a flood", async (open) => {
    const floods: Record<string, Behaviour> = {
      huge: faults.huge(20_000_000),
      dripping: faults.drip(25),
      "a gzip bomb": faults.gzipBomb(50_000_000),
    };
    for (const [what, behaviour] of Object.entries(floods)) await expectClosed(open, what, behaviour);
  });

  check("F16 gives up on a facilitator that hangs", async (open) => {
    await expectClosed(open, "hangs", faults.hang());
    await expectClosed(open, "slow", faults.delay(2_000));
  });

  check("F17 follows no redirect, and no payment leaves the facilitator's origin", async (open) => {
    await using elsewhere = await startFacilitator();
    for (const code of [301, 302, 303, 307, 308] as const) {
      await expectClosed(open, String(code), faults.redirect(`${elsewhere.url}/verify`, code));
    }
    expect(elsewhere.calls).toEqual([]);
  });

  check("F19 starts, serves what is free and asks for payment while the facilitator is unreachable", async (open) => {
    const dead = await startFacilitator();
    await dead.close();
    const routes = [{ path: ["paid"], price: "$0.01" }, { path: ["free"] }];
    const shop = await open({ routes, config: { ...quick, facilitator: dead.url } });
    expect((await shop.get("/free")).status).toBe(200);
    const unpaid = await shop.get();
    expectChallenge(unpaid);
    const { response } = await shop.buy();
    expectRetryLater(response);
    expect(shop.runs()).toBe(0);
    await dead.accept();
    await expect.poll(async () => (await shop.buy()).response.status).toBe(200);
    expect(dead.charges).toHaveLength(1);
    await dead.close();
  });

  check("F19b answers 500 when no facilitator serves the kind, and sells once one does", async (open) => {
    const shop = await open({ facilitator: { kinds: [] } });
    const header = await shop.header();
    expect((await shop.pay(header)).status).toBe(500);
    expect([shop.runs(), shop.facilitator.verifies]).toEqual([0, 0]);
    shop.facilitator.setSupported([{ x402Version: 2, scheme: "exact", network: "eip155:84532" }]);
    await expect.poll(async () => (await shop.pay(header)).status, { interval: 200 }).toBe(200);
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
  });

  check("F23 does not run for a payment that the facilitator ascribes to another payer", async (open) => {
    const shop = await open({ config: quick });
    shop.facilitator.always("verify", faults.altered({ payer: "0x1111111111111111111111111111111111111111" }));
    const { response } = await shop.buy();
    expect([402, 503]).toContain(response.status);
    expect([shop.runs(), shop.facilitator.settles, shop.facilitator.charges.length]).toEqual([0, 0, 0]);
  });

  check("W31 answers 402 with the reason when the facilitator finds a payment invalid", async (open) => {
    const reasons = ["insufficient_funds", "invalid_exact_evm_payload_signature", "invalid_transaction_state"];
    for (const reason of reasons) {
      const shop = await open();
      shop.facilitator.respond("verify", faults.invalid(reason));
      const { response } = await shop.buy();
      expect(expectChallenge(response, reason).error).toBe(reason);
      await problemOf(response);
      expect(response.headers.get("payment-response")).toBeNull();
      shop.counted({ h: 0, v: 1, s: 0, c: 0 });
    }
  });

  check("W31b reads a refusal that comes with an HTTP error as a refusal", async (open) => {
    const shop = await open();
    shop.facilitator.respond("verify", faults.status(400, { isValid: false, invalidReason: "insufficient_funds" }));
    const { response } = await shop.buy();
    expect(expectChallenge(response).error).toBe("insufficient_funds");
    shop.counted({ h: 0, v: 1, s: 0, c: 0 });
  });

  check("F24 repeats no reason that is not on its own list", async (open) => {
    for (const reason of [secret, "a\r\nSet-Cookie: s3cr3t-=1", `${"x".repeat(200)}${secret}`]) {
      const shop = await open();
      const more = { invalidMessage: secret, extra: { secret }, extensions: { secret: { info: { secret } } } };
      shop.facilitator.respond("verify", faults.invalid(reason, more, { "x-secret": "s3cr3t-" }));
      const { response } = await shop.buy();
      expectChallenge(response);
      await expectSilentAbout("s3cr3t-", response, reason);
      expect(response.headers.get("set-cookie")).toBeNull();
      shop.counted({ h: 0, v: 1, s: 0, c: 0 });
    }
  });

  check("W51 answers 412 when the payer has not allowed Permit2 to spend", async (open) => {
    for (const reason of ["permit2_allowance_required", "PERMIT2_ALLOWANCE_REQUIRED"]) {
      const shop = await open();
      shop.facilitator.respond("verify", faults.invalid(reason));
      const { response } = await shop.buy();
      expect(response.status).toBe(412);
      expect(response.headers.get("payment-required")).not.toBeNull();
      expect(response.headers.get("cache-control")).toMatch(/no-store/);
      shop.counted({ h: 0, v: 1, s: 0, c: 0 });
    }
  });

  check("F25 ignores unknown members, and is not polluted by inherited names", async (open) => {
    const shop = await open();
    const more = JSON.parse(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"later":[1]}',
    ) as object;
    shop.facilitator.always("verify", faults.altered(more));
    shop.facilitator.always("settle", faults.altered(more));
    expect((await shop.buy()).response.status).toBe(200);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
  });
}
