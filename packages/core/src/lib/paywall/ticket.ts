import { isConflict } from "../errors.js";
import type { RecordChange } from "../ledger/ledger.js";
import { type PaymentState, publicRecord, type StoredAnswer, type StoredPayment } from "../ledger/record.js";
import type { SettlementResponse } from "../protocol/types.js";
import type { Conclusion, Outcome, Payment, PaywallRequest, Reply, Ticket } from "../seam.js";
import { askAfterSettle } from "./after-settle.js";
import { chargedHeaders, grantedHeaders, UNCHARGED } from "./answer-headers.js";
import type { Engine, Presented, RouteTerms } from "./engine.js";
import { keepHeard } from "./heard.js";
import { askHook } from "./hooks.js";
import { insist, PATIENCE, PERSISTENCE } from "./insist.js";
import { hookPayment } from "./paid-request.js";
import { describePayment } from "./payment.js";
import { settledChange } from "./receipt.js";
import { facilitatorReply, storeReply, timeoutReply, unsettledReply } from "./replies.js";
import { type Settlement, settlePayment } from "./settle.js";
import { keepAnswer, keepLonger } from "./stored-answer.js";

/** A payment whose record says `running`: the handler may run for it, once. */
export interface RunningPayment {
  readonly presented: Presented;
  readonly record: StoredPayment;
  /** The settlement, if it came before the handler. */
  readonly receipt: SettlementResponse | undefined;
  /** The response is owed, and collected by this request. */
  readonly collects?: boolean;
}

/** The longest delay that timers take, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Every response below 400 that the handler completed is charged, and a protocol that was switched; nothing else is. */
function isCharged({ status, aborted, error }: Outcome): boolean {
  return !aborted && error === undefined && (status === 101 || (status >= 200 && status < 400));
}

export function createTicket<Raw>(
  engine: Engine,
  route: RouteTerms<Raw>,
  request: PaywallRequest<Raw>,
  running: RunningPayment,
): Ticket & { payment: Payment } {
  const { presented } = running;
  const { ledger } = engine;
  let { record, receipt } = running;
  /** The handler's response, to be kept when the record is closed. */
  let answer: StoredAnswer | undefined;
  /** That the seller's hook has been asked, to be written with the end. */
  let told: RecordChange = {};
  /** The settlement that continues after the response. */
  let background: Promise<Settlement> | undefined;
  let concluded: Promise<Conclusion> | undefined;
  let reported: Promise<void> | undefined;
  let takenBack: Promise<void> | undefined;
  /** The record waits for the response's last byte. */
  let awaitsDelivery = false;
  const limit = new AbortController();
  const gone = new AbortController();
  const timer = setTimeout(
    () => {
      limit.abort(timeoutReply(receipt));
      gone.abort();
    },
    Math.min(route.handlerTimeout, LONGEST),
  );
  (timer as { unref?: () => void }).unref?.();
  let end = () => {};
  const life = new Promise<void>((resolve) => {
    end = resolve;
  });
  engine.open.add(life);

  /** A step that the store may take a moment later: its lease continues meanwhile. */
  const write = async (state: PaymentState, change: RecordChange, kept?: StoredAnswer): Promise<void> => {
    record = await ledger.advance(record, state, change, kept, "hold");
  };

  const close = async (state: "delivered" | "owed", reason?: string): Promise<void> => {
    // A success that could not be written at its time is written first.
    if (record.state === "settling" && receipt) await write("settled", settledChange(receipt), answer);
    const unkept = record.kept ? undefined : answer;
    const kept = answer && state === "owed" ? keepLonger(route, answer, record) : unkept;
    await write(state, { ...told, ...(reason === undefined ? {} : { reason }) }, kept);
  };

  /** @param ran the handler has worked for nothing */
  const release = async (reason: string, ran = false): Promise<void> => {
    const uncharged = (record.uncharged ?? 0) + 1;
    record = await ledger.advance(record, "released", { reason, ...(ran ? { uncharged } : {}) });
    if (ran) engine.guard.ranUncharged(record.payer);
  };

  /** The response is an error, or there is none. */
  const fail = async (outcome: Outcome): Promise<Conclusion> => {
    const late = limit.signal.aborted;
    const reason = late ? "handler_timeout" : outcome.aborted ? "client_left" : "handler_failed";
    if (receipt) await close("owed", reason);
    else await release(reason, true);
    if (late) return { type: "replace", reply: limit.signal.reason as Reply };
    return { type: "release", ...(receipt ? chargedHeaders(outcome, receipt) : UNCHARGED) };
  };

  const settle = async (outcome: Outcome): Promise<Conclusion> => {
    const asked = await askHook(
      route.hooks.beforeSettle,
      hookPayment({ request, routeName: record.route }, presented, record.payer),
    );
    if (asked) {
      await release(asked === "granted" ? "granted" : "refused_by_hook", asked !== "granted");
      return asked === "granted" ? { type: "release", ...grantedHeaders(outcome) } : { type: "replace", reply: asked };
    }
    const facilitator = engine.pool.named(record.facilitator);
    if (!facilitator) {
      await release("facilitator_gone");
      return { type: "replace", reply: facilitatorReply(undefined) };
    }
    answer = keepAnswer(route, outcome, record);
    const { payload } = presented;
    if (route.background) {
      await insist(() => write("settling", { payload, answered: true }, answer), PATIENCE);
      background = settlePayment(engine, presented, record, { facilitator, answered: true, verified: true });
      // It is awaited once the response has left, which may be long after it has failed.
      background.catch(() => undefined);
      awaitsDelivery = true;
      return { type: "release", ...chargedHeaders(outcome, undefined) };
    }
    await insist(() => write("settling", { payload }), PATIENCE);
    const settlement = await settlePayment(engine, presented, record, { facilitator, answer, verified: true });
    if (settlement.type !== "settled") return { type: "replace", reply: unsettledReply(settlement) };
    ({ record, receipt } = settlement);
    const { withheld, change } = await askAfterSettle({ request, route }, presented, record, receipt);
    told = change;
    if (withheld) {
      await close("owed", "withheld");
      return { type: "replace", reply: withheld };
    }
    awaitsDelivery = true;
    return { type: "release", ...chargedHeaders(outcome, receipt) };
  };

  /**
   * Nothing leaves for a payment that was settled ahead of the handler before its record says so of this holder: a process
   * that was away for longer than its lease has lost it to another. Where the store cannot say, the lease must still run.
   */
  const answerFor = async (settled: SettlementResponse): Promise<void> => {
    try {
      const change = record.state === "settling" ? settledChange(settled) : {};
      await insist(() => write("settled", change, answer), PATIENCE);
    } catch (error) {
      if (isConflict(error) || !ledger.holds(record)) throw error;
      engine.reporter.alert("store_failed", publicRecord(record));
    }
  };

  const conclude = async (outcome: Outcome): Promise<Conclusion> => {
    clearTimeout(timer);
    if (outcome.aborted) gone.abort();
    try {
      if (limit.signal.aborted || !isCharged(outcome)) return await fail(outcome);
      if (!receipt) return await settle(outcome);
      answer = keepAnswer(route, outcome, record, running.collects);
      await answerFor(receipt);
      awaitsDelivery = true;
      return { type: "release", ...chargedHeaders(outcome, receipt) };
    } catch (error) {
      // A conflict is no fault of the store: another holder has the payment, or a failover has lost it.
      if (!isConflict(error)) storeFailed();
      return { type: "replace", reply: storeReply(receipt, error) };
    }
  };

  /** The process that finds the record later resolves it: it says `settled` or `settling`, and its lease expires. */
  const storeFailed = (): void => {
    engine.reporter.alert("store_failed", publicRecord(record));
    ledger.abandon(record);
  };

  const deliver = async (whole: boolean): Promise<void> => {
    try {
      if (!whole) gone.abort();
      if (!awaitsDelivery) return;
      const settlement = await background;
      if (settlement?.type === "unknown" && whole) await ledger.amend(settlement.record, { arrived: true });
      if (settlement && settlement.type !== "settled") return;
      if (settlement) ({ record, receipt } = settlement);
      const closing = () => close(whole ? "delivered" : "owed", whole ? undefined : "delivery_failed");
      await insist(closing, PERSISTENCE, () => engine.reporter.alert("store_failed", publicRecord(record)));
    } catch {
      storeFailed();
      // Of a settlement behind the response its own function keeps what is known, without knowing what has arrived.
      const heard = record.state === "settling" && receipt ? { receipt, kept: answer } : {};
      if (whole || receipt) keepHeard(engine, record, { ...heard, arrived: whole });
    } finally {
      // The connection may hold this for long, and the store has it.
      answer = undefined;
      engine.open.delete(life);
      end();
    }
  };

  /** The response was reported as delivered, and its connection broke right after: it is owed anyway. */
  const takeBack = async (): Promise<void> => {
    try {
      await reported;
      if (record.state !== "delivered") return;
      const kept = record.kept ? await ledger.answer(record.id) : undefined;
      const longer = kept && keepLonger(route, kept, record);
      await insist(() => write("owed", { reason: "delivery_failed" }, longer), PERSISTENCE);
    } catch {
      storeFailed();
    }
  };

  return {
    payment: describePayment(presented, record.payer, gone.signal, () => receipt),
    hold: receipt || route.background ? 0 : route.holdBytes,
    keep: route.keepBytes,
    idle: route.holdIdle,
    signal: limit.signal,
    conclude: (outcome) => {
      concluded ??= conclude(outcome);
      return concluded;
    },
    delivered: (whole) => {
      if (!reported) reported = deliver(whole);
      else if (!whole && !takenBack) {
        const taking = takeBack().finally(() => engine.open.delete(taking));
        engine.open.add(taking);
        takenBack = taking;
      }
      return takenBack ?? reported;
    },
  };
}
