import type { RecordChange } from "../ledger/ledger.js";
import type { StoredPayment } from "../ledger/record.js";
import type { SettlementResponse } from "../protocol/types.js";
import type { Reply } from "../seam.js";
import type { Presented } from "./engine.js";
import { askHook } from "./hooks.js";
import { hookPayment, type KnownRequest } from "./paid-request.js";
import { receiptHeader } from "./replies.js";

/** The result of the seller's hook. */
export interface Told {
  /** What to send in place of the response. */
  readonly withheld: Reply | undefined;
  /** To be written with the next change of the record; if that is lost, the hook is asked again. */
  readonly change: RecordChange;
}

/**
 * The seller's decision once a payment is charged; a Reply withholds the response. Asked before the first delivery, whenever the
 * charge became known, and not again once that is on record. It is not asked about a response that left ahead of the charge.
 */
export async function askAfterSettle<Raw>(
  { request, route }: Pick<KnownRequest<Raw>, "request" | "route">,
  presented: Presented,
  { told, answered, route: routeName }: Pick<StoredPayment, "told" | "answered" | "route">,
  receipt: SettlementResponse,
): Promise<Told> {
  const { afterSettle } = route.hooks;
  if (!afterSettle || told || answered) return { withheld: undefined, change: {} };
  const payment = hookPayment({ request, routeName }, presented, receipt.payer);
  const said = await askHook(afterSettle, { ...payment, receipt });
  const refusal = said === undefined || said === "granted" ? undefined : said;
  const withheld = refusal && { ...refusal, headers: [...refusal.headers, receiptHeader(receipt)] };
  return { withheld, change: { told: true } };
}
