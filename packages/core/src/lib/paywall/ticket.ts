import type { Facilitator } from "../facilitator/types.js";
import type { PaymentRecord } from "../ledger/record.js";
import { encodeHeader, HEADERS } from "../protocol/header.js";
import type { SettlementResponse } from "../protocol/types.js";
import type { Conclusion, HeaderList, Outcome, Payment, Reply, Ticket } from "../seam.js";
import { chargedHeaders, UNCHARGED } from "./answer-headers.js";
import type { Engine, Presented, RouteTerms } from "./engine.js";
import { problemReply } from "./problem.js";
import { proofDigest } from "./proof.js";
import { facilitatorReply, failedReply, storeReply, unknownReply, unsentReply } from "./replies.js";
import { type Settlement, settledChange, settlePayment } from "./settle.js";

/** A payment whose record says `running`: the handler may run for it, once. */
export interface RunningPayment {
  readonly presented: Presented;
  /** Absent only if the payment is settled, and whoever settled it is no longer configured. */
  readonly facilitator: Facilitator | undefined;
  readonly record: PaymentRecord;
  /** The settlement, if it came before the handler. */
  readonly receipt: SettlementResponse | undefined;
}

/** Every answer below 400 that the handler completed is charged; nothing else is. */
function isCharged({ status, aborted, error }: Outcome): boolean {
  return !aborted && error === undefined && status >= 200 && status < 400;
}

export function createTicket<Raw>(
  engine: Engine,
  route: RouteTerms<Raw>,
  running: RunningPayment,
): Ticket & { payment: Payment } {
  const { presented, facilitator } = running;
  let { record, receipt } = running;
  const payment = describePayment(presented, record.payer, () => receipt);
  let concluded: Promise<Conclusion> | undefined;
  /** The record waits for the answer's last byte. */
  let awaitsDelivery = false;
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(timeoutReply(receipt)), route.handlerTimeout);
  (timer as { unref?: () => void }).unref?.();

  const close = async (state: "delivered" | "owed"): Promise<void> => {
    // A success that could not be written at its time is written first.
    if (record.state === "settling" && receipt) {
      record = await engine.ledger.advance(record, "settled", settledChange(receipt));
    }
    const change = state === "owed" ? { proof: proofDigest(presented.identity) } : {};
    record = await engine.ledger.advance(record, state, change);
  };

  /** The answer is an error, or there is none. */
  const fail = async (outcome: Outcome): Promise<Conclusion> => {
    if (receipt) await close("owed");
    else record = await engine.ledger.advance(record, "released");
    if (limit.signal.aborted) return { type: "replace", reply: limit.signal.reason as Reply };
    return { type: "release", ...(receipt ? chargedHeaders(outcome, receipt) : UNCHARGED) };
  };

  const charge = async (outcome: Outcome): Promise<Conclusion> => {
    if (!receipt) {
      if (!facilitator) return { type: "replace", reply: facilitatorReply(undefined) };
      record = await engine.ledger.advance(record, "settling");
      const settlement = await settlePayment(engine, facilitator, presented, record);
      if (settlement.type !== "settled") return { type: "replace", reply: unsettledReply(settlement) };
      ({ record, receipt } = settlement);
    }
    awaitsDelivery = true;
    return { type: "release", ...chargedHeaders(outcome, receipt) };
  };

  const conclude = async (outcome: Outcome): Promise<Conclusion> => {
    try {
      return await (limit.signal.aborted || !isCharged(outcome) ? fail(outcome) : charge(outcome));
    } catch {
      return { type: "replace", reply: storeReply(receipt) };
    }
  };

  return {
    payment,
    hold: receipt ? 0 : route.holdBytes,
    idle: route.holdIdle,
    signal: limit.signal,
    conclude: (outcome) => {
      clearTimeout(timer);
      concluded ??= conclude(outcome);
      return concluded;
    },
    delivered: (whole) => {
      if (!awaitsDelivery) return;
      awaitsDelivery = false;
      // The record says `settled` until this is written: charged, and not yet known to have arrived.
      close(whole ? "delivered" : "owed").catch(() => undefined);
    },
  };
}

export function unsettledReply(settlement: Exclude<Settlement, { type: "settled" }>): Reply {
  switch (settlement.type) {
    case "failed":
      return failedReply(settlement.receipt);
    case "unsent":
      return unsentReply(settlement.retryAfter);
    case "unknown":
      return unknownReply(settlement.receipt);
  }
}

function describePayment(
  { requirements }: Presented,
  payer: string | undefined,
  receipt: () => SettlementResponse | undefined,
): Payment {
  const { amount, asset, network, scheme } = requirements;
  return {
    get payer() {
      return payer ?? receipt()?.payer ?? "";
    },
    amount,
    asset,
    network,
    scheme,
    get receipt() {
      return receipt();
    },
  };
}

function timeoutReply(receipt: SettlementResponse | undefined): Reply {
  const headers: HeaderList = receipt ? [[HEADERS.response, encodeHeader(receipt)]] : [];
  const help = receipt
    ? "The payment was taken; send the same request with the same payment again to collect the answer."
    : "Nothing was charged; the same payment can be sent again.";
  return problemReply({ status: 504, code: "handler_timeout", detail: "The answer took too long.", help }, headers);
}
