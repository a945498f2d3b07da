import type { PaymentPayload } from "@turnpike/core/protocol";
import { expect } from "vitest";
import { decodeHeader, readReceipt } from "../../client/header.js";
import type { Charge } from "../../facilitator/chain.js";
import { type ChainNode, startChainNode } from "../../facilitator/chain-node.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import { expectRetryLater } from "../expectations.js";
import type { Shop } from "../shop.js";

/** A chain that is named by the address of its node: no more is needed, with any adapter (G01). */
export function testChainNodes({ check }: Casebook): void {
  /** A purchase whose settlement is lost, at a shop that can ask a node. */
  async function lose(
    node: ChainNode,
    open: Parameters<Parameters<Casebook["check"]>[1]>[0],
    behaviour: ReturnType<typeof faults.reset>,
  ): Promise<{ readonly shop: Shop; readonly header: string }> {
    const shop = await open({ config: { chain: { "base-sepolia": node.url } } });
    expect(node.asked, "a start contacts nobody").toEqual([]);
    shop.facilitator.respond("settle", behaviour);
    const { response, header } = await shop.buy();
    expectRetryLater(response);
    await shop.becomes("unknown");
    return { shop, header };
  }

  check("G01u finds at a chain's node what was settled unheard, and delivers it once", async (open) => {
    let charges: () => readonly Charge[] = () => [];
    await using node = await startChainNode(() => charges());
    const { shop, header } = await lose(node, open, faults.resetAfterAccept());
    charges = () => shop.facilitator.charges;
    for (let tries = 0; tries < 2; tries++) {
      const response = await shop.pay(header);
      expect(response.status).toBe(200);
      expect(readReceipt(response)).toMatchObject({
        success: true,
        transaction: shop.facilitator.charges[0]?.transaction,
      });
    }
    expect([shop.runs(), shop.facilitator.settles, shop.facilitator.charges.length]).toEqual([1, 1, 1]);
  });

  check("G01v refuses what a chain's node shows as cancelled, and delivers nothing", async (open) => {
    await using node = await startChainNode(() => []);
    const { shop, header } = await lose(node, open, faults.reset());
    const { accepted, payload } = decodeHeader(header) as PaymentPayload;
    const { from, nonce } = payload.authorization as { readonly from: string; readonly nonce: string };
    node.cancel(from, nonce, accepted.asset);
    const response = await shop.pay(header);
    expect(response.status).not.toBe(200);
    expect(readReceipt(response)?.success).not.toBe(true);
    await shop.becomes("failed");
    expect([shop.runs(), shop.facilitator.charges.length]).toEqual([1, 0]);
  });
}
