import type { Standing } from "../ledger/ledger.js";
import type { StoredPayment } from "../ledger/record.js";
import type { Reply } from "../seam.js";
import { isBuyer } from "./audience.js";
import type { Presented } from "./engine.js";
import type { KnownRequest } from "./paid-request.js";
import type { Identified } from "./present.js";
import { proofDigest } from "./proof.js";
import { oweLater, requireSettled } from "./record-settled.js";
import { boundReply, inProgressReply, unsettledReply, usedReply } from "./replies.js";
import { resolvePayment } from "./resolve.js";
import { runSettled } from "./run-settled.js";
import { isSold } from "./sold.js";
import { givenUntil, storedReply } from "./stored-answer.js";
import type { RunningPayment } from "./ticket.js";

/** How often a handler may run for what is owed. */
const MAX_RUNS = 3;

/** A payment that is on record: never a second run beside the first, and none after a delivery. */
export async function resumePayment<Raw>(
  paid: KnownRequest<Raw>,
  identified: Identified,
  { record, busy }: Standing,
): Promise<RunningPayment | Reply> {
  if (busy) return inProgressReply();
  // Of another proof nobody says more than that the payment is not to be had: it may be a forgery.
  const same = record.proof === proofDigest(identified.identity);
  if (!same) return record.state === "unknown" ? inProgressReply() : usedReply(undefined);
  if (record.request !== paid.fingerprint || !isSold(paid, record)) return boundReply();
  if (record.state === "unknown") return resolve(paid, present(identified, record), record);
  if (!isBuyer(paid, record)) return usedReply(record.receipt);
  if (record.state === "owed") return collect(paid, present(identified, record), record);
  return (await redeliver(paid, record)) ?? usedReply(record.receipt);
}

/** On the terms that were recorded, whatever is offered by now. */
function present({ payload, scheme, identity }: Identified, { offer }: StoredPayment): Presented {
  return { scheme, identity, requirements: offer, payload: { ...payload, accepted: offer }, extensions: [] };
}

/** The kept response to a delivered payment, while the payment is in its window, or with the client's name for it. */
async function redeliver<Raw>({ engine }: KnownRequest<Raw>, record: StoredPayment): Promise<Reply | undefined> {
  if (record.state !== "delivered" || !record.kept) return undefined;
  if (!record.identifier && Date.now() >= givenUntil(record)) return undefined;
  const answer = await engine.ledger.answer(record.id);
  return answer && storedReply(answer, record);
}

/** A delivery that failed: the kept answer, or else the handler once more. */
async function collect<Raw>(
  paid: KnownRequest<Raw>,
  presented: Presented,
  record: StoredPayment,
): Promise<RunningPayment | Reply> {
  const { engine, route } = paid;
  const { receipt, times, updatedAt, runs } = record;
  const until = (times.settled ?? updatedAt) + route.collectSeconds * 1000;
  if (!receipt || Date.now() > until) return usedReply(receipt);
  const answer = record.kept ? await engine.ledger.answer(record.id) : undefined;
  if (answer) {
    await engine.ledger.advance(record, "delivered");
    return storedReply(answer, record);
  }
  if (runs >= MAX_RUNS) return usedReply(receipt);
  return runSettled(paid, presented, record, receipt, false);
}

async function resolve<Raw>(
  paid: KnownRequest<Raw>,
  presented: Presented,
  unknown: StoredPayment,
): Promise<RunningPayment | Reply> {
  const settlement = await resolvePayment(paid.engine, presented, unknown);
  if (settlement.type !== "settled") return unsettledReply(settlement);
  const { receipt } = settlement;
  const { ledger } = paid.engine;
  if (!isBuyer(paid, unknown)) {
    await oweLater(paid.engine, settlement.record, receipt);
    return usedReply(receipt);
  }
  const record = await requireSettled(paid.engine, settlement.record, receipt);
  try {
    const answer = record.kept ? await ledger.answer(record.id) : undefined;
    if (!answer && !record.arrived) return await runSettled(paid, presented, record, receipt, true);
    const delivered = await ledger.advance(record, "delivered");
    return answer ? storedReply(answer, delivered) : usedReply(receipt);
  } catch (error) {
    // It is charged: the next request of this payment finds it owed.
    ledger.abandon(record);
    throw error;
  }
}
