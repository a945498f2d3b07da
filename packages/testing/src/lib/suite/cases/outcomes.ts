import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import type { Behaviour } from "../../facilitator/behaviour.js";
import { startFacilitator } from "../../facilitator/facilitator.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook, Open } from "../casebook.js";
import { expectRetryLater, problemOf } from "../expectations.js";
import { paid, type Shop } from "../shop.js";

const quick = { settle: 400 };
const goods = { ...paid, handle: () => ({ headers: [["x-lot", "7"]] as const, body: "the goods" }) };

/** What becomes of a settlement whose outcome was lost (F01, F02, F05, F06, F10, F12, F22; D21, D24). */
export function testOutcomes({ check }: Casebook): void {
  /** A purchase whose settlement goes wrong in this way. */
  async function lose(open: Open, behaviour: Behaviour, more: Parameters<Open>[0] = {}) {
    const shop = await open({ routes: [goods], chain: true, config: { facilitatorTimeout: quick }, ...more });
    shop.facilitator.respond("settle", behaviour);
    const { response, header } = await shop.buy();
    expectRetryLater(response);
    expect(await shop.becomes("unknown")).toMatchObject({ runs: 1 });
    return { shop, header };
  }

  async function expectDelivered(shop: Shop, response: Response): Promise<void> {
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("the goods");
    expect(response.headers.get("x-lot")).toBe("7");
    expect(readReceipt(response)).toMatchObject({ success: true });
    expect(shop.facilitator.charges).toHaveLength(1);
    expect(shop.runs()).toBe(1);
    await shop.becomes("delivered");
  }

  check("F02 delivers the answer that it held, once the same payment comes again and was settled", async (open) => {
    for (const behaviour of [faults.resetAfterAccept(), faults.halfway(), faults.acted(faults.status(502))]) {
      const { shop, header } = await lose(open, behaviour);
      await expectDelivered(shop, await shop.pay(header));
    }
  });

  check("F02b charges once and delivers when the lost settlement never happened", async (open) => {
    const { shop, header } = await lose(open, faults.reset());
    expect(shop.facilitator.charges).toHaveLength(0);
    await expectDelivered(shop, await shop.pay(header));
  });

  check("F02c serves one of twenty copies that come for an unknown payment at once", async (open) => {
    const { shop, header } = await lose(open, faults.resetAfterAccept());
    const answers = await Promise.all(Array.from({ length: 20 }, () => shop.pay(header)));
    const statuses = new Set(answers.map(({ status }) => status));
    expect(statuses).toContain(200);
    for (const status of statuses) expect([200, 409]).toContain(status);
    expect(shop.facilitator.charges).toHaveLength(1);
    expect(shop.facilitator.settles).toBe(1);
    expect(shop.runs()).toBe(1);
  });

  check("F02d resolves an unknown payment by itself, and owes the answer to whoever paid", async (open) => {
    const { shop, header } = await lose(open, faults.resetAfterAccept(), {
      config: { facilitatorTimeout: quick, reconcileSeconds: 1 },
    });
    const record = await shop.becomes("owed");
    expect(record.receipt).toMatchObject({ success: true });
    expect(shop.facilitator.charges).toHaveLength(1);
    await expectDelivered(shop, await shop.pay(header));
  });

  check("F03 keeps no signature of a payment once its outcome is known", async (open) => {
    const { shop, header } = await lose(open, faults.resetAfterAccept());
    const [unknown] = await shop.records();
    expect(unknown).toHaveProperty("payload");
    await (await shop.pay(header)).text();
    const delivered = await shop.becomes("delivered");
    expect(delivered).not.toHaveProperty("payload");
  });

  check("F06b settles again by itself what provably never left, and takes the same payment again", async (open) => {
    let refuses = true;
    const handle = async (): Promise<{ body: string }> => {
      if (refuses) await shop.facilitator.refuse();
      return { body: "the goods" };
    };
    const shop = await open({ routes: [{ ...goods, handle }], config: { facilitatorTimeout: quick } });
    const { response, header } = await shop.buy();
    expectRetryLater(response);
    // A connection that was kept open breaks as if something had been sent: then the outcome counts as unknown.
    expect(["settlement_not_sent", "settlement_unknown"]).toContain(await problemOf(response));
    refuses = false;
    await shop.facilitator.accept();
    await expect.poll(async () => (await shop.pay(header)).status).toBe(200);
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("F10 delivers what stayed pending twice once it has landed", async (open) => {
    const pendingAgain: Behaviour = async (call) => {
      const { transaction } = shop.facilitator.charges[0] ?? { transaction: "" };
      await faults.fail("settlement_pending", { transaction })(call);
    };
    const shop = await open({ routes: [goods], config: { facilitatorTimeout: quick } });
    shop.facilitator.respond("settle", faults.pending(), pendingAgain);
    const { response, header } = await shop.buy();
    expectRetryLater(response);
    expect(readReceipt(response)).toMatchObject({ success: false, errorReason: "settlement_pending" });
    const { transaction } = await shop.becomes("unknown");
    expect(transaction).toBe(shop.facilitator.charges[0]?.transaction);
    await expectDelivered(shop, await shop.pay(header));
  });

  check("F12 takes a spent authorisation for settled only where the chain shows its transfer", async (open) => {
    const shop = await open({ routes: [goods] });
    shop.facilitator.respond("settle", faults.fail("nonce_used"));
    const { response } = await shop.buy();
    expect(response.status).toBe(402);
    expect(await shop.becomes("failed")).not.toHaveProperty("receipt");
    const doubted = await lose(open, faults.resetAfterAccept());
    doubted.shop.facilitator.respond("settle", faults.fail("nonce_used"));
    await expectDelivered(doubted.shop, await doubted.shop.pay(doubted.header));
  });

  check("F22 settles a lost payment at no other facilitator, and tells when nobody can be asked", async (open) => {
    await using second = await startFacilitator();
    const { shop, header } = await lose(open, faults.resetAfterAccept(), {
      chain: false,
      facilitator: { idempotent: true },
      config: (first) => ({ facilitator: [first, second.url], facilitatorTimeout: quick }),
    });
    await shop.facilitator.refuse();
    const again = await shop.pay(header);
    expectRetryLater(again);
    expect(await problemOf(again)).toBe("settlement_unknown");
    expect(second.settles).toBe(0);
    await shop.facilitator.accept();
    await expect.poll(async () => (await shop.pay(header)).status).toBe(200);
    expect(second.settles).toBe(0);
    expect(shop.facilitator.charges).toHaveLength(1);
  });
}
