import { FacilitatorError, isConflict, StoreError } from "../errors.js";
import type { Facilitator } from "../facilitator/types.js";
import type { NewPayment, RecordChange, Standing } from "../ledger/ledger.js";
import { isAttempt, type StoredPayment } from "../ledger/record.js";
import { refusalStatus } from "../protocol/reasons.js";
import type { Reply } from "../seam.js";
import { readAudience, readBuyer } from "./audience.js";
import { refusedReply } from "./challenge.js";
import { facilitatorRequest, type Presented } from "./engine.js";
import { fingerprint } from "./fingerprint.js";
import { askHook } from "./hooks.js";
import { type Bringer, LimitReached } from "./limits.js";
import { boundElsewhere, readName } from "./name.js";
import { attemptName, nameOf } from "./one-record.js";
import { attemptId, findRecord, hookPayment, isTaken, type KnownRequest, type PaidRequest } from "./paid-request.js";
import { type Identified, identifyPayment, presentPayment } from "./present.js";
import { proofDigest } from "./proof.js";
import {
  bodyReply,
  facilitatorReply,
  inProgressReply,
  internalReply,
  nameConflictReply,
  storeReply,
} from "./replies.js";
import { bytesOf, fullReply } from "./room.js";
import type { RunningPayment } from "./ticket.js";
import { attemptKey, inTurn, verifyPayment } from "./verify.js";

/** The decision on a paid request: the handler may run for it, or runs free by a hook's grant, or here is its response. */
export type Admitted = RunningPayment | "granted" | Reply;

/**
 * Takes a payment as far as the handler: checked, claimed, and settled where the route settles before. A payment that is
 * on record already goes on from there, on the terms that were recorded, whatever is offered by now.
 */
export async function admitPayment<Raw>(paid: PaidRequest<Raw>): Promise<Admitted> {
  const { engine, request } = paid;
  // Before its body is read, and of every copy of a payment.
  const leave = engine.room.enter(engine.clients.of(request), bytesOf(request));
  if (!leave) return fullReply();
  try {
    return await admit(paid);
  } finally {
    leave();
  }
}

async function admit<Raw>(paid: PaidRequest<Raw>): Promise<Admitted> {
  const { engine, route, terms, url, payload, request } = paid;
  const identified = await identifyPayment(payload, engine.schemes);
  if ("refused" in identified) return refusedReply(route, terms, url, identified.refused);
  const named = readName(paid);
  if ("refused" in named) return refusedReply(route, terms, url, named.refused);
  let asked: string;
  try {
    asked = await fingerprint(request, engine.origin);
  } catch {
    return bodyReply();
  }
  let buyer: string | undefined;
  try {
    buyer = await readBuyer(paid);
  } catch (error) {
    return internalReply("buyer_failed", "The server failed to identify the buyer.", error);
  }
  const known: KnownRequest<Raw> = { ...paid, name: named.name, fingerprint: asked, buyer };
  try {
    const bound = await boundElsewhere(known, [identified.identity.id, attemptId(identified)]);
    if ("status" in bound) return bound;
    const earlier = await findRecord(known, identified);
    if (earlier && isTaken(earlier)) return await resume(known, identified, earlier);
    const presented = presentPayment(identified, terms, route, url, engine.pool);
    if ("refused" in presented) return refusedReply(route, terms, url, presented.refused);
    const limited = engine.guard.blockedRuns(earlier?.record.uncharged);
    return limited ?? (await begin(known, presented, bound.instead));
  } catch (error) {
    if (error instanceof FacilitatorError) return facilitatorReply(error);
    if (error instanceof LimitReached) return error.reply;
    if (!(error instanceof StoreError)) throw error;
    if (isConflict(error)) return inProgressReply();
    engine.reporter.alert("store_failed");
    return storeReply(undefined, error);
  }
}

/** A payment that is not taken: proven first, then claimed. */
async function begin<Raw>(
  paid: KnownRequest<Raw>,
  presented: Presented,
  instead: string | undefined,
): Promise<Admitted> {
  const { engine, route, request } = paid;
  const { payload, requirements } = presented;
  const key = attemptKey(engine, presented);
  const unproven = bringerOf(paid, presented);
  const blocked = engine.guard.blocked(key, unproven);
  if (blocked) return "reply" in blocked ? blocked.reply : refuse(paid, blocked.reason, REFUSED);
  const asked = await askHook(route.hooks.beforeVerify, hookPayment(paid, presented));
  if (asked) return asked;
  const proven = await route.signatures?.check(payload, requirements);
  if (proven === "invalid") {
    engine.guard.addressFailed(unproven);
    return reject(paid, key, "invalid_signature", "The payment's signature does not match the payer.");
  }
  const bringer: Bringer = proven === "valid" ? { ...unproven, signed: true } : unproven;
  const stopped = engine.guard.blockedSender(bringer);
  if (stopped) {
    engine.guard.addressFailed(bringer);
    return stopped;
  }
  const claim = (payment: NewPayment, state: "running" | "settling", change: RecordChange = {}) =>
    claimPayment(paid, payment, state, instead, change);
  const settleNow = async (payment: NewPayment, facilitator: Facilitator, verified: boolean): Promise<Admitted> => {
    const { settleFirst } = await import("./settle-first.js");
    const first = await inTurn(engine, presented, bringer, () =>
      settleFirst(paid, presented, payment, facilitator, bringer, claim, verified),
    );
    if (first.type === "taken") return rejoin(paid, presented);
    if (first.type !== "refused") return first.admitted;
    return (await resumeCopy(paid, presented)) ?? reject(paid, key, first.reason, REFUSED, first.reply);
  };
  if (route.flow === "upfront") {
    const facilitator = await engine.pool.select(facilitatorRequest(presented), engine.guard.caller(bringer));
    const payment = newPayment(paid, presented, facilitator, presented.identity.payer);
    if (proven === "valid") return settleNow(payment, facilitator, false);
    if (!engine.openAttempts.crowded()) return settleNow({ ...payment, id: attemptId(presented) }, facilitator, false);
  }
  const verification = await verifyPayment(engine, presented, key, bringer);
  if (!verification.valid) {
    // A copy that was slower than the payment itself: what another has settled by now is no bad payment.
    return (await resumeCopy(paid, presented)) ?? reject(paid, key, verification.reason, REFUSED);
  }
  const { facilitator, payer } = verification;
  const limited = engine.guard.blockedPayer(payer);
  if (limited) return limited;
  const verified = await askHook(route.hooks.afterVerify, hookPayment(paid, presented, payer));
  if (verified) return verified;
  const payment = newPayment(paid, presented, facilitator, payer);
  // Nothing of a response that leaves another way can be held until it is paid for.
  if (route.flow === "upfront" || request.detached === "settle") return settleNow(payment, facilitator, true);
  const record = await claim(payment, "running");
  if (record && "status" in record) return record;
  // Another request may have run the handler meanwhile.
  const spent = record && engine.guard.blockedRuns(record.uncharged);
  if (spent) {
    await engine.ledger.advance(record, "released", { reason: "too_many_uncharged_runs" });
    return spent;
  }
  return record ? { presented, record, receipt: undefined } : rejoin(paid, presented);
}

/** Claims a payment, and the client's name for it. `undefined` if another request has the payment. */
async function claimPayment<Raw>(
  { engine: { ledger }, name }: KnownRequest<Raw>,
  payment: NewPayment,
  state: "running" | "settling",
  instead: string | undefined,
  change: RecordChange,
): Promise<StoredPayment | Reply | undefined> {
  const record = await ledger.claim(payment, state, change);
  if (!record) return record;
  try {
    // One payment may be claimed by its name and as an attempt at once, each before it sees the other. Then neither has it.
    const other = await ledger.read(isAttempt(record) ? nameOf(record) : attemptName(record));
    if (other && isTaken(other) && other.record.proof === record.proof) {
      await ledger.advance(record, "released", { reason: "claimed_elsewhere" });
      return undefined;
    }
    if (name === undefined) return record;
    if ((await ledger.link(name, record.id, instead)) === record.id) return record;
  } catch (error) {
    ledger.abandon(record);
    throw error;
  }
  await ledger.advance(record, "released", { reason: "payment_identifier_conflict" });
  return nameConflictReply();
}

/** Another request claimed the payment in the meantime. */
async function rejoin<Raw>(paid: KnownRequest<Raw>, presented: Presented): Promise<Admitted> {
  const found = await findRecord(paid, presented);
  return found && isTaken(found) ? resume(paid, presented, found) : inProgressReply();
}

/** Resumes with what is on record of this very payment by now, if anything; a forgery of its name has nothing there. */
async function resumeCopy<Raw>(paid: KnownRequest<Raw>, presented: Presented): Promise<Admitted | undefined> {
  const found = await findRecord(paid, presented);
  if (!found || found.record.proof !== proofDigest(presented.identity)) return undefined;
  return isTaken(found) ? resume(paid, presented, found) : undefined;
}

/** What most payments never need is loaded when one does: edge runtimes count what loads at once. */
async function resume<Raw>(paid: KnownRequest<Raw>, identified: Identified, found: Standing): Promise<Admitted> {
  const { resumePayment } = await import("./resume.js");
  const { record, busy } = found;
  if (busy || record.state !== "unknown" || !isAttempt(record)) return resumePayment(paid, identified, found);
  // It is unproven, so it is asked about once more: in turn, and within the limits, as if it were new.
  const { guard } = paid.engine;
  const bringer = bringerOf(paid, identified);
  const blocked = guard.blockedSender(bringer);
  if (blocked) return blocked;
  return inTurn(paid.engine, { ...identified, requirements: record.offer }, bringer, async () => {
    const resumed = await resumePayment(paid, identified, found);
    if ("status" in resumed && resumed.status >= 500) guard.callFailed(bringer);
    return resumed;
  });
}

/** Who sends a payment, before anything of it is proven. */
function bringerOf<Raw>(
  { engine, route, request }: PaidRequest<Raw>,
  { identity }: Pick<Identified, "identity">,
): Bringer {
  const { payer } = identity;
  return { client: engine.clients.of(request), payer, ...(route.signatures ? { signed: false } : {}) };
}

function newPayment<Raw>(
  paid: KnownRequest<Raw>,
  { identity, requirements }: Presented,
  facilitator: Facilitator,
  payer: string | undefined,
): NewPayment {
  const { route, name } = paid;
  const audience = readAudience(paid);
  return {
    id: identity.id,
    route: paid.routeName,
    label: route.label,
    request: paid.fingerprint,
    offer: requirements,
    facilitator: facilitator.id,
    proof: proofDigest(identity),
    ...(payer === undefined ? {} : { payer }),
    ...(name === undefined ? {} : { identifier: name }),
    ...(audience === undefined ? {} : { audience }),
    ...(route.finality === "facilitator" ? {} : { finality: route.finality }),
    ...(identity.validBefore === undefined ? {} : { validBefore: identity.validBefore }),
  };
}

const REFUSED = "The facilitator rejected the payment.";

/** Refuses a payment for good, and remembers that. */
function reject<Raw>(
  paid: PaidRequest<Raw>,
  key: string,
  reason: string,
  detail: string,
  reply = refuse(paid, reason, detail),
): Reply {
  const { engine, routeName } = paid;
  engine.guard.refused(key, reason);
  engine.reporter.emit({ type: "refused", at: Date.now(), route: routeName, code: reason });
  return reply;
}

function refuse<Raw>({ route, terms, url }: PaidRequest<Raw>, reason: string, detail: string): Reply {
  const help = "Sign a payment for one of the offers in the PAYMENT-REQUIRED header.";
  const problem = { status: refusalStatus(reason), code: "payment_invalid", reason, detail, help };
  return refusedReply(route, terms, url, problem);
}
