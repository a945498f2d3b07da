import type { Facilitator } from "../facilitator/types.js";
import type { NewPayment, RecordChange } from "../ledger/ledger.js";
import { isAttempt, type StoredPayment } from "../ledger/record.js";
import type { Reply } from "../seam.js";
import type { Presented } from "./engine.js";
import { askHook } from "./hooks.js";
import type { Bringer } from "./limits.js";
import { hookPayment, type KnownRequest } from "./paid-request.js";
import { unsettledReply } from "./replies.js";
import { runSettled } from "./run-settled.js";
import { settlePayment } from "./settle.js";
import type { RunningPayment } from "./ticket.js";

type Claim = (
  payment: NewPayment,
  state: "settling",
  change: RecordChange,
) => Promise<StoredPayment | Reply | undefined>;

/** The result of settling ahead of the handler; `refused`: this payment will never be settled. */
export type SettledFirst =
  | { readonly type: "go"; readonly admitted: RunningPayment | "granted" | Reply }
  | { readonly type: "refused"; readonly reason: string; readonly reply: Reply }
  | { readonly type: "taken" };

/**
 * Settles ahead of the handler. A payment whose signature is not proven settles as an attempt, named by its proof as
 * well, and takes the payment's own name when it has succeeded: a forgery blocks no buyer.
 * @param verified a facilitator has found it valid for this request
 */
export async function settleFirst<Raw>(
  paid: KnownRequest<Raw>,
  presented: Presented,
  payment: NewPayment,
  facilitator: Facilitator,
  bringer: Bringer,
  claim: Claim,
  verified: boolean,
): Promise<SettledFirst> {
  const { engine, route } = paid;
  const proven = isAttempt(payment) ? undefined : payment.payer;
  const limited = engine.guard.blockedPayer(proven);
  if (limited) return { type: "go", admitted: limited };
  const asked = await askHook(route.hooks.beforeSettle, hookPayment(paid, presented, proven));
  if (asked) return { type: "go", admitted: asked };
  const claimed = await claim(payment, "settling", { payload: presented.payload });
  if (!claimed) return { type: "taken" };
  if ("status" in claimed) return { type: "go", admitted: claimed };
  const settlement = await settlePayment(engine, presented, claimed, { facilitator, verified });
  if (settlement.type === "failed") {
    engine.guard.addressFailed(bringer);
    const reason = settlement.receipt.errorReason ?? "settlement_failed";
    return { type: "refused", reason, reply: unsettledReply(settlement) };
  }
  // What was broadcast was signed. What got no response may be the payment's fault, or the facilitator's own.
  if (settlement.type === "unknown" && isAttempt(claimed) && !settlement.receipt) {
    if (settlement.unheard) engine.guard.callFailed(bringer);
    else engine.guard.addressFailed(bringer);
  }
  if (settlement.type !== "settled") return { type: "go", admitted: unsettledReply(settlement) };
  return { type: "go", admitted: await runSettled(paid, presented, settlement.record, settlement.receipt, false) };
}
