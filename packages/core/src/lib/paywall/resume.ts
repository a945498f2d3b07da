import { isConflict } from "../errors.js";
import type { Standing } from "../ledger/ledger.js";
import { publicRecord, type StoredAnswer, type StoredPayment } from "../ledger/record.js";
import type { Reply } from "../seam.js";
import { askAfterSettle } from "./after-settle.js";
import { isBuyer, isProven } from "./audience.js";
import type { Presented } from "./engine.js";
import { insist, PERSISTENCE } from "./insist.js";
import type { KnownRequest } from "./paid-request.js";
import type { Identified } from "./present.js";
import { proofDigest } from "./proof.js";
import { oweLater, requireSettled } from "./record-settled.js";
import {
  boundReply,
  debtReply,
  inProgressReply,
  lapsedReply,
  refundedReply,
  repricedReply,
  unsettledReply,
  usedReply,
} from "./replies.js";
import { resolvePayment } from "./resolve.js";
import { runSettled } from "./run-settled.js";
import { isRoute, isSold } from "./sold.js";
import { collectedUntil, keepLonger, storedReply } from "./stored-answer.js";
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
  // With another proof the client only learns that the payment is not available: it may be a forgery.
  const same = record.proof === proofDigest(identified.identity);
  if (!same) return record.state === "unknown" ? inProgressReply() : usedReply(undefined);
  if (record.request !== paid.fingerprint || !isRoute(paid, record)) return boundReply();
  // Its outcome is found out at any price: that gives nothing away.
  if (record.state === "unknown") return resolve(paid, present(identified, record), record);
  if (!isBuyer(paid, record)) return refused(record);
  if (record.state === "owed") return collect(paid, present(identified, record), record);
  if (record.state === "refunding" || record.state === "refunded") return refundedReply(record.receipt);
  return redeliver(paid, record);
}

/** On the terms that were recorded, whatever is offered by now. */
function present({ payload, scheme, identity }: Identified, { offer }: StoredPayment): Presented {
  return { scheme, identity, requirements: offer, payload: { ...payload, accepted: offer }, extensions: [] };
}

/** The kept response to a delivered payment, for as long as it is given out. */
async function redeliver<Raw>(paid: KnownRequest<Raw>, record: StoredPayment): Promise<Reply> {
  const kept = record.state === "delivered" && record.kept;
  const answer = kept ? await paid.engine.ledger.answer(record.id) : undefined;
  if (!answer) return usedReply(record.receipt);
  return isSold(paid, record) ? storedReply(answer, record, isProven(paid, record)) : repriced(paid, record.receipt);
}

/** A delivery that failed: the kept response, or else the handler once more. */
async function collect<Raw>(
  paid: KnownRequest<Raw>,
  presented: Presented,
  record: StoredPayment,
): Promise<RunningPayment | Reply> {
  const { engine, route } = paid;
  const { receipt, runs } = record;
  if (!receipt || Date.now() > collectedUntil(route, record)) return lapsedReply(receipt);
  if (!isSold(paid, record)) return repriced(paid, receipt);
  const answer = record.kept ? await engine.ledger.answer(record.id) : undefined;
  if (!answer) return runs >= MAX_RUNS ? lapsedReply(receipt) : runSettled(paid, presented, record, receipt, true);
  const { withheld, change } = await askAfterSettle(paid, presented, record, receipt);
  // A refund that begins from now on finds that the record has changed.
  const owed = await engine.ledger.amend(record, { ...change, ...(withheld ? {} : { handedAt: Date.now() }) });
  return withheld ?? hand(paid, owed, answer);
}

function refused({ state, receipt }: StoredPayment): Reply {
  return state === "owed" ? debtReply(receipt) : usedReply(receipt);
}

function repriced<Raw>({ route }: KnownRequest<Raw>, receipt: StoredPayment["receipt"]): Reply {
  return repricedReply(receipt, typeof route.offers !== "function");
}

/** The kept response to what is owed. It stays owed until the last byte has left: a client that breaks off may ask again. */
function hand<Raw>(paid: KnownRequest<Raw>, owed: StoredPayment, answer: StoredAnswer): Reply {
  const { ledger, open, reporter } = paid.engine;
  const alert = () => reporter.alert("store_failed", publicRecord(owed));
  let known: Promise<StoredPayment> = Promise.resolve(owed);
  const advance = async (record: StoredPayment, to: "delivered" | "owed"): Promise<StoredPayment> => {
    const change = to === "owed" ? { reason: "delivery_failed" } : {};
    try {
      return await ledger.advance(record, to, change);
    } catch (error) {
      // Another request has begun to collect it meanwhile. What has arrived whole is delivered anyway.
      const found = to === "delivered" && isConflict(error) ? await ledger.read(record.id) : undefined;
      if (found?.busy !== false || found.record.state !== "owed") throw error;
      return ledger.advance(found.record, to, change);
    }
  };
  const move = (to: "delivered" | "owed"): Promise<void> => {
    const moved = known.then((record) =>
      record.state === to ? record : insist(() => advance(record, to), PERSISTENCE, alert),
    );
    known = moved;
    const done: Promise<void> = moved
      // A copy was faster, or the store fails for long: then it stays as it is.
      .then(
        () => {},
        () => {},
      )
      .finally(() => open.delete(done));
    open.add(done);
    return done;
  };
  return {
    ...storedReply(answer, owed, isProven(paid, owed)),
    delivered: (whole) => move(whole ? "delivered" : "owed"),
  };
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
  const buyer = isBuyer(paid, unknown);
  if (!buyer || !isSold(paid, unknown)) {
    const record = await oweLater(paid.engine, settlement.record, receipt);
    return buyer && record.state === "owed" ? repriced(paid, receipt) : refused(record);
  }
  const record = await requireSettled(paid.engine, settlement.record, receipt);
  try {
    const answer = record.kept ? await ledger.answer(record.id) : undefined;
    if (!answer && !record.arrived) return await runSettled(paid, presented, record, receipt, false);
    if (answer && !record.arrived) {
      const { withheld, change } = await askAfterSettle(paid, presented, record, receipt);
      const owed = await ledger.advance(
        record,
        "owed",
        { ...change, ...(withheld ? {} : { handedAt: Date.now() }) },
        keepLonger(paid.route, answer, record),
      );
      return withheld ?? hand(paid, owed, answer);
    }
    const delivered = await ledger.advance(record, "delivered");
    return answer ? storedReply(answer, delivered, isProven(paid, delivered)) : usedReply(receipt);
  } catch (error) {
    // It is charged: the next request of this payment finds it owed.
    ledger.abandon(record);
    throw error;
  }
}
