import type { Standing } from "../ledger/ledger.js";
import type { StoredPayment } from "../ledger/record.js";
import type { Reply } from "../seam.js";
import type { Presented } from "./engine.js";
import type { KnownRequest } from "./paid-request.js";
import type { Identified } from "./present.js";
import { proofDigest } from "./proof.js";
import { boundReply, inProgressReply, unsettledReply, usedReply } from "./replies.js";
import { resolvePayment } from "./resolve.js";
import { runSettled } from "./run-settled.js";
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
  if (record.request !== paid.fingerprint) return boundReply();
  const open = record.state === "owed" || record.state === "unknown";
  if (open && !record.kept && !isCovered(paid, record)) return boundReply();
  if (record.state === "owed") return collect(paid, present(identified, record), record);
  if (record.state === "unknown") return resolve(paid, present(identified, record), record);
  return (await redeliver(paid, record)) ?? usedReply(record.receipt);
}

/** On the terms that were recorded, whatever is offered by now. */
function present({ payload, scheme, identity }: Identified, { offer }: StoredPayment): Presented {
  return { scheme, identity, requirements: offer, payload: { ...payload, accepted: offer }, extensions: [] };
}

/**
 * Whether the handler may run again for what was paid: what a price function makes of this request must not cost more. A
 * fixed price may have risen since, which is not the buyer's to pay.
 */
function isCovered<Raw>({ route, terms }: KnownRequest<Raw>, { offer: paid }: StoredPayment): boolean {
  if (typeof route.offers !== "function") return true;
  return terms.offers.some(
    ({ requirements: now }) =>
      now.scheme === paid.scheme &&
      now.network === paid.network &&
      now.asset === paid.asset &&
      now.payTo === paid.payTo &&
      BigInt(now.amount) <= BigInt(paid.amount),
  );
}

/** The kept answer to a delivered payment, as long as the payment proves its buyer, or the client's name for it does. */
async function redeliver<Raw>({ engine, name }: KnownRequest<Raw>, record: StoredPayment): Promise<Reply | undefined> {
  if (record.state !== "delivered") return undefined;
  if (!record.kept || !proves({ name }, record)) return undefined;
  const answer = await engine.ledger.answer(record.id);
  return answer && storedReply(answer, record, mayHaveCookies({ name }, record));
}

/** Whether whoever comes with the payment is its buyer: it is public once it has settled, the client's name for it never is. */
function proves({ name }: Pick<KnownRequest<never>, "name">, record: StoredPayment): boolean {
  return Date.now() < givenUntil(record) || (name !== undefined && name === record.identifier);
}

/** Cookies may be a session's, and are only for who knows more than the chain shows. */
function mayHaveCookies({ name }: Pick<KnownRequest<never>, "name">, record: StoredPayment): boolean {
  return name !== undefined && name === record.identifier;
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
  if (!receipt || Date.now() > until || (record.identifier && !proves(paid, record))) return usedReply(receipt);
  const answer = record.kept ? await engine.ledger.answer(record.id) : undefined;
  if (answer) {
    await engine.ledger.advance(record, "delivered");
    return storedReply(answer, record, mayHaveCookies(paid, record));
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
  const { record, receipt } = settlement;
  const { ledger } = paid.engine;
  try {
    const answer = record.kept ? await ledger.answer(record.id) : undefined;
    if (!answer && !record.arrived) return await runSettled(paid, presented, record, receipt, true);
    const delivered = await ledger.advance(record, "delivered");
    return answer ? storedReply(answer, delivered, mayHaveCookies(paid, record)) : usedReply(receipt);
  } catch (error) {
    // It is charged: whoever comes next finds it owed.
    ledger.abandon(record);
    throw error;
  }
}
