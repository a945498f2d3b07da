import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import type { Behaviour } from "../../facilitator/behaviour.js";
import { startFacilitator } from "../../facilitator/facilitator.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook, Open } from "../casebook.js";
import { expectRetryLater, expectSilentAbout, secret } from "../expectations.js";
import { paid, type Shop } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const quick = { facilitatorTimeout: { settle: 400 } };
const goods: RoutePlan = {
  ...paid,
  handle: () => ({
    headers: [
      ["content-type", "text/plain"],
      ["x-secret", "s3cr3t-goods"],
      ["set-cookie", "shop=s3cr3t-goods"],
    ],
    body: "s3cr3t-goods",
  }),
};

/** Settlements that fail, stay pending, or have an unknown outcome (F01 to F12, F17, F24; rows 33, 41, 43, 44, 47, 49). */
export function testSettleFaults({ check }: Casebook): void {
  /** One purchase under one fault: 503, nothing of the handler, and no second charge when the payment comes again. */
  async function expectUnknown(open: Open, what: string, behaviour: Behaviour): Promise<Shop> {
    const shop = await open({ routes: [goods], config: quick });
    shop.facilitator.respond("settle", behaviour);
    const { response, header } = await shop.buy();
    expectRetryLater(response, what);
    await expectSilentAbout("s3cr3t-", response, what);
    expect(response.headers.get("set-cookie"), what).toBeNull();
    expect([shop.runs(), shop.facilitator.verifies], what).toEqual([1, 1]);
    const charges = shop.facilitator.charges.length;
    const again = await shop.pay(header);
    expect(again.headers.get("payment-required"), what).toBeNull();
    expect(shop.facilitator.charges.length, what).toBeLessThanOrEqual(Math.max(charges, 1));
    return shop;
  }

  check("F01 does not deliver when the connection breaks after the settlement was taken", async (open) => {
    const shop = await expectUnknown(open, "reset after accept", faults.resetAfterAccept());
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("F01b does not deliver when the connection breaks within or before the answer", async (open) => {
    await expectUnknown(open, "halfway", faults.halfway());
    await expectUnknown(open, "reset", faults.reset());
  });

  check("F04 does not deliver on an HTTP error, whatever happened behind it", async (open) => {
    for (const code of [429, 500, 502, 503, 504]) {
      await expectUnknown(open, `${code} after acting`, faults.acted(faults.status(code, `<h1>${secret}</h1>`)));
    }
    await expectUnknown(open, "500", faults.status(500, `<h1>${secret}</h1>`));
  });

  check("F05 does not deliver when the settlement takes too long", async (open) => {
    await expectUnknown(open, "hangs", faults.hang());
    await expectUnknown(open, "hangs after acting", faults.acted(faults.hang()));
  });

  check("F05b owes what turns out to be settled after its time, and settles it no more", async (open) => {
    for (const settle of ["after", "before"] as const) {
      const shop = await open({ routes: [{ ...goods, price: { price: "$0.01", settle } }], config: quick });
      let answered = () => {};
      const waits = new Promise<void>((resolve) => {
        answered = resolve;
      });
      shop.facilitator.respond("settle", async (call) => {
        await call.act();
        await waits;
        await faults.ok()(call);
      });
      const { response, header } = await shop.buy();
      expectRetryLater(response, settle);
      await shop.becomes("unknown");
      answered();
      const transaction = shop.facilitator.charges[0]?.transaction;
      expect(await shop.becomes("owed"), settle).toMatchObject({ receipt: { success: true, transaction } });
      const collected = await shop.pay(header);
      expect([collected.status, await collected.text()], settle).toEqual([200, "s3cr3t-goods"]);
      expect([shop.runs(), shop.facilitator.settles, shop.facilitator.charges.length], settle).toEqual([1, 1, 1]);
    }
  });

  check("F06 charges nothing when the facilitator is gone before the settlement is sent", async (open) => {
    const handle = async (): Promise<{ body: string }> => {
      await shop.facilitator.refuse();
      return { body: "s3cr3t-goods" };
    };
    const shop = await open({ routes: [{ ...goods, handle }], config: quick });
    const { response } = await shop.buy();
    expectRetryLater(response);
    await expectSilentAbout("s3cr3t-", response);
    shop.counted({ h: 1, v: 1, s: 0, c: 0 });
  });

  check("F07 does not deliver for a success without a well-formed transaction", async (open) => {
    for (const transaction of ["", undefined, null, "0x12", "0xzz", "abc", `0x${"1".repeat(63)}`, 7]) {
      await expectUnknown(open, `transaction ${transaction}`, faults.altered({ transaction }));
    }
  });

  check(
    "F08 does not deliver for a success on another network, by another payer, or of more than the price",
    async (open) => {
      await expectUnknown(open, "network", faults.altered({ network: "eip155:1" }));
      await expectUnknown(open, "no network", faults.altered({ network: undefined }));
      await expectUnknown(open, "payer", faults.altered({ payer: "0x1111111111111111111111111111111111111111" }));
      await expectUnknown(open, "amount", faults.altered({ amount: "10001" }));
    },
  );

  check("F09 does not take a success that comes with an HTTP error", async (open) => {
    await expectUnknown(open, "500", faults.altered({}, 500));
    await expectUnknown(open, "400", faults.altered({}, 400));
  });

  check("W47 never shows an unreadable settlement as a success", async (open) => {
    const values = [null, [], "true", {}, { success: "true" }, { success: 1 }, { success: true }, [{ success: true }]];
    for (const value of values) {
      await expectUnknown(open, JSON.stringify(value), faults.acted(faults.body(value)));
    }
    await expectUnknown(open, "text", faults.acted(faults.text(`{"success":true ${secret}`)));
    await expectUnknown(open, "a page", faults.wrongType("text/html"));
    await expectUnknown(open, "huge", faults.huge(20_000_000));
  });

  check("F17b follows no redirect of a settlement", async (open) => {
    await using elsewhere = await startFacilitator();
    for (const code of [301, 302, 307, 308] as const) {
      await expectUnknown(open, String(code), faults.redirect(`${elsewhere.url}/settle`, code));
    }
    expect(elsewhere.calls).toEqual([]);
  });

  check("W33 withholds the handler's answer when the settlement is refused", async (open) => {
    for (const reason of ["insufficient_funds", "invalid_exact_evm_payload_authorization_valid_before"]) {
      const shop = await open({ routes: [goods] });
      shop.facilitator.respond("settle", faults.fail(reason, { payer: shop.buyer.address }));
      const { response, receipt } = await shop.buy();
      expect(response.status).toBe(402);
      expect(receipt).toMatchObject({ success: false, errorReason: reason, transaction: "", network: "eip155:84532" });
      await expectSilentAbout("s3cr3t-", response, reason);
      expect(await response.json()).toEqual({});
      expect(response.headers.get("set-cookie")).toBeNull();
      expect(response.headers.get("cache-control")).toMatch(/no-store/);
      expect(response.headers.get("access-control-expose-headers")).toMatch(/payment-response/i);
      shop.counted({ h: 1, v: 1, s: 1, c: 0 });
    }
  });

  check("F24b repeats nothing of a facilitator that fails a settlement in words of its own", async (open) => {
    for (const reason of [secret, "a\r\nSet-Cookie: s3cr3t-=1"]) {
      const shop = await open({ routes: [goods], config: quick });
      const more = { errorMessage: secret, extra: { secret }, extensions: { secret } };
      shop.facilitator.respond("settle", faults.fail(reason, more, { "x-secret": "s3cr3t-" }));
      const { response } = await shop.buy();
      expect([402, 503]).toContain(response.status);
      expect(readReceipt(response)?.success ?? false).toBe(false);
      await expectSilentAbout("s3cr3t-", response, reason);
      shop.counted({ h: 1, v: 1, s: 1, c: 0 });
    }
  });

  check("W44 asks once more about a pending settlement, and delivers when it has landed", async (open) => {
    const shop = await open({ routes: [paid] });
    shop.facilitator.respond("settle", faults.pending());
    const { response, receipt } = await shop.buy();
    expect(response.status).toBe(200);
    expect(receipt).toMatchObject({ success: true, transaction: shop.facilitator.charges[0]?.transaction });
    shop.counted({ h: 1, v: 1, s: 2, c: 1 });
    const [first, second] = shop.facilitator.calls.filter(({ operation }) => operation === "settle");
    expect(second?.body).toEqual(first?.body);
  });

  check(
    "W43 tells the transaction of a settlement that stays pending, and asks for no second payment",
    async (open) => {
      const shop = await open({ routes: [goods] });
      shop.facilitator.respond("settle", faults.pending(), faults.pending());
      const { response, receipt } = await shop.buy();
      expectRetryLater(response);
      await expectSilentAbout("s3cr3t-", response);
      expect(receipt).toMatchObject({ success: false, errorReason: "settlement_pending", network: "eip155:84532" });
      expect(receipt?.transaction).toBe(shop.facilitator.charges[0]?.transaction);
      shop.counted({ h: 1, v: 1, s: 2, c: 1 });
    },
  );

  check("W49 never passes EXTENSION-RESPONSES on", async (open) => {
    const shop = await open();
    const value = Buffer.from(JSON.stringify({ bazaar: { status: "s3cr3t-sidechannel" } })).toString("base64");
    shop.facilitator.always("verify", faults.ok({ "extension-responses": value }));
    shop.facilitator.always("settle", faults.ok({ "extension-responses": value }));
    const { response } = await shop.buy();
    expect(response.status).toBe(200);
    expect(response.headers.get("extension-responses")).toBeNull();
    await expectSilentAbout("s3cr3t-", response);
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
  });

  check("W40 gives the buyer the facilitator's receipt, with the extensions that were offered", async (open) => {
    const offered = { id: "offered", declare: () => ({ info: {}, schema: {} }) };
    const shop = await open({ config: { extensions: [offered] } });
    const extensions = { offered: { info: { signed: "é✓" } } };
    const more = { amount: "10000", extensions: { ...extensions, unasked: { info: { text: secret } } } };
    shop.facilitator.respond("settle", faults.altered({ ...more, later: secret }));
    const { response, receipt, challenge } = await shop.buy();
    expect(challenge.extensions).toHaveProperty("offered");
    const transaction = shop.facilitator.charges[0]?.transaction;
    const known = { success: true, transaction, network: "eip155:84532", payer: shop.buyer.address, amount: "10000" };
    expect(receipt).toEqual({ ...known, extensions });
    await expectSilentAbout("s3cr3t-", response);
  });

  check("W65 calls a facilitator below a path, and sends each settlement once", async (open) => {
    const shop = await open({
      facilitator: { path: "/x402/v2" },
      config: (facilitator) => ({ facilitator: `${facilitator}/` }),
    });
    expect((await shop.buy()).response.status).toBe(200);
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
  });
}
