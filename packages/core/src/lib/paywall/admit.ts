import { StoreError } from "../errors.js";
import type { Facilitator } from "../facilitator/types.js";
import type { NewPayment } from "../ledger/ledger.js";
import type { PaymentRecord } from "../ledger/record.js";
import { refusalStatus } from "../protocol/reasons.js";
import type { PaymentPayload, SettlementResponse } from "../protocol/types.js";
import type { PaywallRequest, Reply } from "../seam.js";
import { refusedReply, type Terms } from "./challenge.js";
import type { Engine, Presented, RouteTerms } from "./engine.js";
import { presentPayment } from "./present.js";
import { proofDigest } from "./proof.js";
import { boundReply, facilitatorReply, inProgressReply, storeReply, usedReply } from "./replies.js";
import { pathOf, targetOf } from "./resource-url.js";
import { settlePayment } from "./settle.js";
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

/** Takes a payment as far as the handler: checked, claimed, and settled where the route settles before. */
export async function admitPayment<Raw>(paid: PaidRequest<Raw>): Promise<RunningPayment | Reply> {
  const { engine, route, terms, url, payload } = paid;
  const presented = await presentPayment(payload, terms, route, url);
  if ("refused" in presented) return refusedReply(route, terms, url, presented.refused);
  try {
    const earlier = await engine.ledger.read(presented.id);
    if (earlier && earlier.state !== "released" && earlier.state !== "failed")
      return await resume(paid, presented, earlier);
    return await begin(paid, presented);
  } catch (error) {
    return error instanceof StoreError ? storeReply() : facilitatorReply(error);
  }
}

/** A payment that nobody holds: proven first, then claimed. */
async function begin<Raw>(paid: PaidRequest<Raw>, presented: Presented): Promise<RunningPayment | Reply> {
  const { engine, route } = paid;
  const { requirements } = presented.offer;
  if ((await route.signatures?.check(presented.payload, requirements)) === "invalid") {
    return refuse(paid, "invalid_signature", "The payment's signature is not the payer's.");
  }
  const { facilitator } = await engine.pool.select(requirements.scheme, requirements.network);
  if (route.flow === "upfront") return settleFirst(paid, presented, facilitator);
  const verification = await verifyPayment(engine, facilitator, presented);
  if (!verification.valid) return refuse(paid, verification.reason, "The facilitator refuses the payment.");
  const record = await engine.ledger.claim(newPayment(paid, presented, facilitator, verification.payer), "running");
  return record ? { presented, facilitator, record, receipt: undefined } : rejoin(paid, presented);
}

async function settleFirst<Raw>(
  paid: PaidRequest<Raw>,
  presented: Presented,
  facilitator: Facilitator,
): Promise<RunningPayment | Reply> {
  const { engine } = paid;
  const claimed = await engine.ledger.claim(newPayment(paid, presented, facilitator, presented.payer), "settling");
  if (!claimed) return rejoin(paid, presented);
  const settlement = await settlePayment(engine, facilitator, presented, claimed);
  if (settlement.type !== "settled") return unsettledReply(settlement);
  return run(paid, presented, facilitator, settlement.record, settlement.receipt);
}

/** Somebody else claimed the payment in the meantime. */
async function rejoin<Raw>(paid: PaidRequest<Raw>, presented: Presented): Promise<RunningPayment | Reply> {
  const record = await paid.engine.ledger.read(presented.id);
  return record ? resume(paid, presented, record) : inProgressReply();
}

/** A payment that is on record: never a second run beside the first, and none after a delivery. */
async function resume<Raw>(
  paid: PaidRequest<Raw>,
  presented: Presented,
  record: PaymentRecord,
): Promise<RunningPayment | Reply> {
  const { engine } = paid;
  if (record.state === "delivered") return usedReply(record.receipt);
  if (record.state !== "owed" && record.state !== "unknown") return inProgressReply();
  if (record.proof !== (await proofDigest(presented.proof))) return usedReply(undefined);
  if (record.request !== fingerprint(paid)) return boundReply();
  const facilitator = engine.pool.named(record.facilitator);
  if (!facilitator) return facilitatorReply(undefined);
  if (record.state === "owed") {
    if (record.runs >= MAX_RUNS || !record.receipt) return usedReply(record.receipt);
    return run(paid, presented, facilitator, record, record.receipt);
  }
  const settling = await engine.ledger.advance(record, "settling");
  const settlement = await settlePayment(engine, facilitator, presented, settling, true);
  if (settlement.type !== "settled") return unsettledReply(settlement);
  return run(paid, presented, facilitator, settlement.record, settlement.receipt);
}

/** A settled payment whose handler may run now. */
async function run<Raw>(
  { engine }: PaidRequest<Raw>,
  presented: Presented,
  facilitator: Facilitator,
  settled: PaymentRecord,
  receipt: SettlementResponse,
): Promise<RunningPayment> {
  const record = await engine.ledger.advance(settled, "running", { runs: settled.runs + 1 });
  return { presented, facilitator, record, receipt };
}

function newPayment<Raw>(
  paid: PaidRequest<Raw>,
  { id, offer }: Presented,
  facilitator: Facilitator,
  payer: string | undefined,
): NewPayment {
  const { requirements } = offer;
  const payment = {
    id,
    route: paid.route.label || `${pricedMethod(paid.request)} ${pathOf(paid.url)}`,
    request: fingerprint(paid),
    offer: requirements,
    facilitator: facilitator.id,
  };
  return payer === undefined ? payment : { ...payment, payer };
}

/** The request that a payment was made for. */
function fingerprint<Raw>({ request }: PaidRequest<Raw>): string {
  return `${pricedMethod(request)} ${targetOf(request.url())}`;
}

function refuse<Raw>({ route, terms, url }: PaidRequest<Raw>, reason: string, detail: string): Reply {
  const help = "Sign a payment for one of the offers in the PAYMENT-REQUIRED header.";
  return refusedReply(route, terms, url, {
    status: refusalStatus(reason),
    code: "payment_invalid",
    reason,
    detail,
    help,
  });
}
