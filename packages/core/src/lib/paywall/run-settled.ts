import type { Ledger, NewPayment } from "../ledger/ledger.js";
import { MOVED, type StoredPayment } from "../ledger/record.js";
import type { SettlementResponse } from "../protocol/types.js";
import type { Reply } from "../seam.js";
import { askAfterSettle } from "./after-settle.js";
import type { Presented } from "./engine.js";
import type { KnownRequest } from "./paid-request.js";
import { inProgressReply } from "./replies.js";
import { settledChange } from "./settle.js";
import type { RunningPayment } from "./ticket.js";

/**
 * A settled payment whose handler may run now. One that was settled as an attempt takes its own name first.
 * @param fresh it was settled for this very request, so that the seller's hook has not seen it yet
 */
export async function runSettled<Raw>(
  paid: KnownRequest<Raw>,
  presented: Presented,
  written: StoredPayment,
  receipt: SettlementResponse,
  fresh: boolean,
): Promise<RunningPayment | Reply> {
  const { ledger } = paid.engine;
  // A success that could not be written at its time must be, before anything is delivered for it.
  const settled =
    written.state === "settling" ? await ledger.advance(written, "settled", settledChange(receipt)) : written;
  try {
    const withheld = fresh ? await askAfterSettle(paid, presented, receipt) : undefined;
    if (!withheld) return await takeOver(ledger, presented, settled, receipt);
    await ledger.advance(settled, "owed", { reason: "withheld" });
    return withheld;
  } catch (error) {
    // It is charged: whoever comes next finds it owed.
    ledger.abandon(settled);
    throw error;
  }
}

/** The one who runs the handler, under the payment's own name. */
async function takeOver(
  ledger: Ledger,
  presented: Presented,
  settled: StoredPayment,
  receipt: SettlementResponse,
): Promise<RunningPayment | Reply> {
  const { id } = presented.identity;
  if (settled.id === id) {
    const record = await ledger.advance(settled, "running", { runs: settled.runs + 1 });
    return { presented, record, receipt };
  }
  const { route, request, offer, facilitator, payer, proof, identifier, finality, validBefore, createdAt } = settled;
  const payment: NewPayment = {
    ...{ id, route, request, offer, facilitator, createdAt },
    ...(payer === undefined ? {} : { payer }),
    ...(proof === undefined ? {} : { proof }),
    ...(identifier === undefined ? {} : { identifier }),
    ...(finality === undefined ? {} : { finality }),
    ...(validBefore === undefined ? {} : { validBefore }),
  };
  const record = await ledger.claim(payment, "running", settledChange(receipt));
  if (!record) {
    ledger.abandon(settled);
    return inProgressReply();
  }
  try {
    if (identifier !== undefined) await ledger.link(identifier, id, settled.id);
    // The attempt is closed for good: a copy of it finds the payment under its own name.
    await ledger.advance(settled, "delivered", { reason: MOVED });
  } catch {
    // It is closed later, by whoever finds it beside the payment (`reconcile`).
    ledger.abandon(settled);
  }
  return { presented, record, receipt };
}
