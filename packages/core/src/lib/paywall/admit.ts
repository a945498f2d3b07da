import { FacilitatorError, StoreError } from "../errors.js";
import type { Facilitator } from "../facilitator/types.js";
import type { NewPayment } from "../ledger/ledger.js";
import { isFree, type PaymentRecord } from "../ledger/record.js";
import { refusalStatus } from "../protocol/reasons.js";
import type { PaymentPayload, SettlementResponse } from "../protocol/types.js";
import type { PaywallRequest, Reply } from "../seam.js";
import { refusedReply, type Terms } from "./challenge.js";
import type { Engine, Presented, RouteTerms } from "./engine.js";
import { type Identified, identifyPayment, presentPayment } from "./present.js";
import { proofDigest } from "./proof.js";
import { boundReply, facilitatorReply, inProgressReply, storeReply, unknownReply, usedReply } from "./replies.js";
import { pathOf, targetOf } from "./resource-url.js";
import { settledChange, settlePayment } from "./settle.js";
import { pricedMethod } from "./terms.js";
import { type RunningPayment, unsettledReply } from "./ticket.js";
import { verifyPayment } from "./verify.js";

/** How often a handler may run for what is owed. */
const MAX_RUNS = 3;

/** A priced request with a payment, on its way to a ticket. */
export interface PaidRequest<Raw> {
  readonly engine: Engine;
  readonly route: RouteTerms<Raw>;
  readonly terms: Terms;
  readonly request: PaywallRequest<Raw>;
  readonly url: string;
  readonly payload: PaymentPayload;
}

/**
 * Takes a payment as far as the handler: checked, claimed, and settled where the route settles before. A payment that is
 * on record already goes on from there, on the terms that were recorded, whatever is offered by now.
 */
export async function admitPayment<Raw>(paid: PaidRequest<Raw>): Promise<RunningPayment | Reply> {
  const { engine, route, terms, url, payload } = paid;
  const identified = await identifyPayment(payload, engine.schemes);
  if ("refused" in identified) return refusedReply(route, terms, url, identified.refused);
  try {
    const earlier = await findRecord(paid, identified);
    if (earlier && !isFree(earlier)) return await resume(paid, identified, earlier);
    const presented = presentPayment(identified, terms, route, url);
    if ("refused" in presented) return refusedReply(route, terms, url, presented.refused);
    return await begin(paid, presented);
  } catch (error) {
    if (error instanceof FacilitatorError) return facilitatorReply(error);
    if (!(error instanceof StoreError)) throw error;
    return error.code === "record_conflict" ? inProgressReply() : storeReply();
  }
}

/** A payment that nobody holds: proven first, then claimed. */
async function begin<Raw>(paid: PaidRequest<Raw>, presented: Presented): Promise<RunningPayment | Reply> {
  const { engine, route } = paid;
  const { payload, requirements } = presented;
  const proven = await route.signatures?.check(payload, requirements);
  if (proven === "invalid") return refuse(paid, "invalid_signature", "The payment's signature is not the payer's.");
  const { facilitator } = await engine.pool.select(requirements.scheme, requirements.network);
  if (route.flow === "upfront") return settleFirst(paid, presented, facilitator, proven === "valid");
  const verification = await verifyPayment(engine, facilitator, presented);
  if (!verification.valid) return refuse(paid, verification.reason, "The facilitator refuses the payment.");
  const record = await engine.ledger.claim(newPayment(paid, presented, facilitator, verification.payer), "running");
  return record ? { presented, facilitator, record, receipt: undefined } : rejoin(paid, presented);
}

/**
 * Settles ahead of the handler. A payment whose signature nobody has proven settles as an attempt, named by its proof as
 * well, and takes the payment's own name when it has succeeded: a forgery blocks nobody.
 */
async function settleFirst<Raw>(
  paid: PaidRequest<Raw>,
  presented: Presented,
  facilitator: Facilitator,
  proven: boolean,
): Promise<RunningPayment | Reply> {
  const { engine } = paid;
  const payment = newPayment(paid, presented, facilitator, presented.identity.payer);
  const id = proven ? payment.id : attemptId(presented);
  const claimed = await engine.ledger.claim({ ...payment, id }, "settling");
  if (!claimed) return rejoin(paid, presented);
  const settlement = await settlePayment(engine, facilitator, presented, claimed);
  if (settlement.type !== "settled") return unsettledReply(settlement);
  return run(paid, presented, facilitator, settlement.record, settlement.receipt);
}

/** Somebody else claimed the payment in the meantime. */
async function rejoin<Raw>(paid: PaidRequest<Raw>, presented: Presented): Promise<RunningPayment | Reply> {
  const record = await findRecord(paid, presented);
  return record ? resume(paid, presented, record) : inProgressReply();
}

/** What is on record of a payment, or of this attempt of it. */
async function findRecord<Raw>(
  { engine, route }: PaidRequest<Raw>,
  payment: Identified,
): Promise<PaymentRecord | undefined> {
  const record = await engine.ledger.read(payment.identity.id);
  return record || route.flow !== "upfront" ? record : engine.ledger.read(attemptId(payment));
}

function attemptId({ identity }: Identified): string {
  return `${identity.id}#${proofDigest(identity)}`;
}

/** A payment that is on record: never a second run beside the first, and none after a delivery. */
async function resume<Raw>(
  paid: PaidRequest<Raw>,
  identified: Identified,
  record: PaymentRecord,
): Promise<RunningPayment | Reply> {
  const { engine } = paid;
  const { state, receipt } = record;
  if (state === "delivered") return usedReply(receipt);
  if (state !== "owed" && state !== "unknown") return inProgressReply();
  // Whether the payment was used is known of one that is owed, and of one that is unknown it is not.
  const same = record.proof === proofDigest(identified.identity);
  if (!same) return state === "owed" ? usedReply(undefined) : inProgressReply();
  if (record.request !== fingerprint(paid)) return boundReply();
  const { scheme, identity, payload } = identified;
  const { offer: requirements } = record;
  const presented: Presented = {
    scheme,
    identity,
    requirements,
    payload: { ...payload, accepted: requirements },
    extensions: [],
  };
  const facilitator = engine.pool.named(record.facilitator);
  if (state === "owed") {
    if (record.runs >= MAX_RUNS || !receipt) return usedReply(receipt);
    return run(paid, presented, facilitator, record, receipt);
  }
  if (!facilitator) return unknownReply(undefined);
  const settling = await engine.ledger.advance(record, "settling");
  const settlement = await settlePayment(engine, facilitator, presented, settling, true);
  if (settlement.type !== "settled") return unsettledReply(settlement);
  return run(paid, presented, facilitator, settlement.record, settlement.receipt);
}

/** A settled payment whose handler may run now. */
async function run<Raw>(
  paid: PaidRequest<Raw>,
  presented: Presented,
  facilitator: Facilitator | undefined,
  settled: PaymentRecord,
  receipt: SettlementResponse,
): Promise<RunningPayment | Reply> {
  const { ledger } = paid.engine;
  const { id } = presented.identity;
  if (settled.id === id) {
    const record = await ledger.advance(settled, "running", { runs: settled.runs + 1 });
    return { presented, facilitator, record, receipt };
  }
  const record = await ledger.claim({ ...settled, id }, "running", settledChange(receipt));
  if (!record) return inProgressReply();
  // The attempt is closed for good: a copy of it finds the payment under its own name.
  await ledger.advance(settled, "delivered");
  return { presented, facilitator, record, receipt };
}

function newPayment<Raw>(
  paid: PaidRequest<Raw>,
  { identity, requirements }: Presented,
  facilitator: Facilitator,
  payer: string | undefined,
): NewPayment {
  return {
    id: identity.id,
    route: paid.route.label || `${pricedMethod(paid.request)} ${pathOf(paid.url)}`,
    request: fingerprint(paid),
    offer: requirements,
    facilitator: facilitator.id,
    ...(payer === undefined ? {} : { payer }),
    ...(identity.validBefore === undefined ? {} : { validBefore: identity.validBefore }),
  };
}

/** The request that a payment was made for. */
function fingerprint<Raw>({ request }: PaidRequest<Raw>): string {
  return `${pricedMethod(request)} ${targetOf(request.url())}`;
}

function refuse<Raw>({ route, terms, url }: PaidRequest<Raw>, reason: string, detail: string): Reply {
  const help = "Sign a payment for one of the offers in the PAYMENT-REQUIRED header.";
  const problem = { status: refusalStatus(reason), code: "payment_invalid", reason, detail, help };
  return refusedReply(route, terms, url, problem);
}
