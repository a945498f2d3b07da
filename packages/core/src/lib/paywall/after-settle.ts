import type { SettlementResponse } from "../protocol/types.js";
import type { Reply } from "../seam.js";
import type { Presented } from "./engine.js";
import { askHook } from "./hooks.js";
import { hookPayment, type KnownRequest } from "./paid-request.js";
import { receiptHeader } from "./replies.js";

/** What the seller says once a payment is charged; a Reply withholds the answer. */
export async function askAfterSettle<Raw>(
  { request, route }: Pick<KnownRequest<Raw>, "request" | "route">,
  presented: Presented,
  receipt: SettlementResponse,
): Promise<Reply | undefined> {
  const { afterSettle } = route.hooks;
  if (!afterSettle) return undefined;
  const payment = hookPayment({ request, route }, presented, receipt.payer);
  const said = await askHook(afterSettle, { ...payment, receipt });
  if (said === undefined || said === "granted") return undefined;
  return { ...said, headers: [...said.headers, receiptHeader(receipt)] };
}
