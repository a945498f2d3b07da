import { isConflict, StoreError } from "../errors.js";
import { isAttempt, type PaymentRecord, publicRecord, type Refund, type StoredPayment } from "../ledger/record.js";
import { findScheme } from "../schemes/schemes.js";
import type { Awaitable } from "../seam.js";
import { walk } from "./books.js";
import type { Engine } from "./engine.js";
import { countedAs, nameOf, readerOf } from "./one-record.js";
import { digest } from "./proof.js";
import { sameTransaction } from "./resolve-by-hand.js";
import { takeName } from "./take-name.js";

/** A signed transaction that refunds a payment. */
export interface RefundPlan {
  /** Its id, known before it is sent, so that a second transaction is never needed. */
  readonly transaction: string;
  /** Data from which the sender rebuilds the same transaction. It is recorded, so it must not contain a key. */
  readonly plan: string;
  /** The account that pays. */
  readonly from: string;
  readonly to: string;
  /** Atomic units of the payment's token. */
  readonly amount: string;
  /** Maximum fee, in atomic units of the network's coin. */
  readonly fee?: string;
}

/** Why a refund's transaction is not confirmed yet. */
export type PendingReason =
  /** It was, or may have been, sent, and is in no block yet. */
  | "unmined"
  /** It is in a block without enough confirmations. */
  | "shallow"
  /** It was reverted; the block may still be replaced. */
  | "reverted"
  /** Its nonce seems to be used by another transaction. */
  | "nonce_used"
  /** The node rejects it: too little of the network's coin, or too low a fee. */
  | "not_accepted";

/** The outcome of a refund's transaction. */
export type RefundOutcome =
  /** It is on the chain with enough confirmations. */
  | { readonly type: "confirmed" }
  /** It may still happen. */
  | { readonly type: "pending"; readonly reason?: PendingReason }
  /** It can no longer happen, or had no effect. A sender that is not certain of this says `pending`. */
  | { readonly type: "void" };

/** Sends refunds with the seller's key; `evmRefunds` of `@turnpike/evm` is one. */
export interface RefundSender {
  /** CAIP-2 ids. */
  readonly networks: readonly string[];
  /**
   * Creates the transaction, and checks that it would succeed now. A payment with a recorded `refund.plan` gets
   * the same transaction again, unchecked, since it may have been sent. Sends nothing.
   */
  prepare(payment: PaymentRecord): Promise<RefundPlan>;
  /**
   * Sends the transaction of the plan on record, which may have been sent before, and waits for it up to a limit.
   * @param options.signal stops waiting
   */
  send(payment: PaymentRecord, options?: { readonly signal?: AbortSignal }): Promise<RefundOutcome>;
}

/** A refund as it is shown before it is sent. */
export interface PlannedRefund extends Omit<RefundPlan, "plan"> {
  /** CAIP-2 id. */
  readonly network: string;
  /** Address of the token. */
  readonly asset: string;
  /** The token's symbol, where the configuration or the built-in list knows the token. */
  readonly token?: string;
  readonly decimals?: number;
  /** It is on record already, and may have been sent: an earlier call was interrupted. */
  readonly resumed: boolean;
}

export interface RefundOptions {
  /** Called with the refund about to be sent; `false`: nothing is recorded and nothing is sent. */
  readonly confirm?: (planned: PlannedRefund) => Awaitable<boolean>;
  /** Stops waiting for the transaction: the refund is then `pending`. */
  readonly signal?: AbortSignal;
}

/** The result of a refund. */
export type RefundResult =
  /** `confirm` returned `false`. */
  | { readonly type: "planned"; readonly payment: PaymentRecord }
  /** Refunded. */
  | { readonly type: "refunded"; readonly payment: PaymentRecord }
  /** It was sent, and is not confirmed: the same call resumes it. */
  | { readonly type: "pending"; readonly payment: PaymentRecord; readonly reason?: PendingReason }
  /** Its transaction can no longer happen, so the payment is owed as before. */
  | { readonly type: "void"; readonly payment: PaymentRecord };

/** Milliseconds for which a kept response that is being sent blocks a refund. */
const HANDING = 600_000;
const NOTE = 500;

/** The last refund by each sender: its account has one order of transactions, so the next is made behind that one. */
const turns = new WeakMap<RefundSender, Promise<unknown>>();

/**
 * Gives back what a buyer paid for a delivery that is owed. The transaction is on record before it is sent, and a refund that
 * was interrupted resumes with that very transaction. Refunds by one sender wait for each other.
 * @throws StoreError `not_owed`, `payment_busy`, `refund_unsupported`, and what the sender throws
 */
export function refundPayment(
  engine: Engine,
  id: string,
  sender: RefundSender,
  options: RefundOptions,
): Promise<RefundResult> {
  if (typeof sender?.prepare !== "function" || typeof sender.send !== "function") {
    const message = "A refund needs a sender, such as evmRefunds({ network, rpcUrl, privateKey })";
    return Promise.reject(new StoreError("refund_unsupported", message));
  }
  const turn = (turns.get(sender) ?? Promise.resolve()).then(() => refundInTurn(engine, id, sender, options));
  turns.set(
    sender,
    turn.catch(() => undefined),
  );
  return turn;
}

async function refundInTurn(
  engine: Engine,
  id: string,
  sender: RefundSender,
  { confirm = () => true, signal }: RefundOptions,
): Promise<RefundResult> {
  const found = await findOwed(engine, id);
  const { network } = found.offer;
  if (!sender.networks.includes(network)) {
    throw new StoreError("refund_unsupported", `The payment is on ${network}, which this sender does not serve`);
  }
  const resumed = found.state === "refunding";
  // An attempt's refund is made by its payment's own name, which only one attempt gets.
  const { plan, ...shown } = await sender.prepare(publicRecord(resumed ? found : { ...found, id: nameOf(found) }));
  const refund = { transaction: shown.transaction, plan };
  if (resumed && !sameTransaction(refund.transaction, found.refund?.transaction ?? "")) {
    throw new StoreError("refund_under_way", `A refund is in progress with transaction ${found.refund?.transaction}`);
  }
  if (!(await confirm({ ...shown, ...tokenOf(engine, found), resumed }))) {
    return { type: "planned", payment: publicRecord(found) };
  }
  const refunding = resumed
    ? found
    : await engine.ledger.advance(await underItsName(engine, found), "refunding", { refund, reason: "refund" });
  const outcome = await sender.send(publicRecord(refunding), signal ? { signal } : {});
  if (outcome.type === "pending") return { ...outcome, payment: publicRecord(refunding) };
  const type = outcome.type === "confirmed" ? "refunded" : "void";
  return { type, payment: publicRecord(await conclude(engine, refunding, type)) };
}

/** Writes down how a refund ended. Another operator may have resumed the same transaction, and been faster. */
async function conclude(
  { ledger }: Engine,
  refunding: StoredPayment,
  type: "refunded" | "void",
): Promise<StoredPayment> {
  const { transaction = "" } = refunding.refund ?? {};
  try {
    return await (type === "refunded"
      ? ledger.advance(refunding, "refunded", { refund: { transaction } })
      : ledger.advance(refunding, "owed", { reason: "refund_void" }));
  } catch (error) {
    const now = isConflict(error) ? (await ledger.read(refunding.id))?.record : undefined;
    if (type === "refunded" && now?.state === "refunded" && now.refund?.transaction === transaction) return now;
    if (type === "void" && now?.state === "owed") return now;
    throw error;
  }
}

function tokenOf({ registry }: Engine, { offer }: StoredPayment): Omit<PlannedRefund, keyof RefundPlan | "resumed"> {
  const { network: id, asset } = offer;
  const network = registry.network(id);
  const token = network && registry.token(network, asset);
  return { network: id, asset, ...(token ? { token: token.symbol, decimals: token.decimals } : {}) };
}

/** A refund that the seller made. */
export interface RefundByHand {
  /** The refund transaction. */
  readonly transaction?: string;
  /** How it was refunded, if there is no transaction. */
  readonly note?: string;
  /**
   * Even while `paywall.refund` is in progress or a kept response is being sent, and with a transaction that refunded another
   * payment. @default false
   */
  readonly force?: boolean;
}

/**
 * Writes down that the seller has given back what is owed.
 * @throws StoreError `not_owed`, `payment_busy`, `refund_under_way`, `invalid_refund`, `invalid_transaction`, `transaction_taken`
 */
export async function refundByHand(engine: Engine, id: string, given: RefundByHand): Promise<PaymentRecord> {
  const { transaction, note, force = false } = given;
  const found = await findOwed(engine, id, force);
  if ((transaction === undefined) === (note === undefined)) {
    throw new StoreError("invalid_refund", "Give the refund's `transaction`, or describe it in `note`");
  }
  if (note !== undefined) checkNote(note);
  if (transaction !== undefined) {
    checkTransaction(engine, found, transaction);
    if (!force) await checkUnused(engine, found, transaction);
  }
  const { refund } = found;
  if (
    found.state === "refunding" &&
    !force &&
    !(transaction !== undefined && sameTransaction(transaction, refund?.transaction ?? ""))
  ) {
    throw new StoreError(
      "refund_under_way",
      `A refund is in progress with transaction ${refund?.transaction}. Resume it, or give it here once it is confirmed`,
    );
  }
  const done: Refund = {
    ...(transaction === undefined ? {} : { transaction }),
    ...(note === undefined ? {} : { note }),
  };
  if (transaction !== undefined && !force) await bindTransaction(engine, found, transaction);
  const debt = await underItsName(engine, found);
  return publicRecord(await engine.ledger.advance(debt, "refunded", { refund: done, reason: "resolved_by_hand" }));
}

/** The debt under its payment's own name: two attempts at one payment are one debt. */
async function underItsName(engine: Engine, found: StoredPayment): Promise<StoredPayment> {
  if (!isAttempt(found) || found.state !== "owed") return found;
  const named = await takeName(engine, found);
  if (named === "busy") throw new StoreError("payment_busy", "Another request is working on this payment");
  if (named === "sold") throw new StoreError("not_owed", `This payment is on record as ${nameOf(found)}`);
  return engine.ledger.advance(named, "owed", { reason: "refund" });
}

/** A record that a refund may begin from, or go on from. @param force also while a kept response is being sent */
async function findOwed(engine: Engine, id: string, force = false): Promise<StoredPayment> {
  const { ledger } = engine;
  let found = await ledger.read(id);
  const counted = found && (await countedAs(readerOf(ledger), found.record));
  if (found && counted !== undefined) {
    // The same call resumes a refund, though its attempt has taken the payment's own name since.
    const { proof } = found.record;
    found = await ledger.read(counted);
    if (found?.record.proof !== proof) throw new StoreError("not_owed", `This payment is on record as ${counted}`);
  }
  const { record, busy = false } = found ?? {};
  const handed = !force && record?.state === "owed" && Date.now() - (record.handedAt ?? 0) < HANDING;
  if (record && (busy || handed)) {
    throw new StoreError(
      "payment_busy",
      "The buyer is collecting this payment at the moment. Try again in ten minutes",
    );
  }
  if (record?.state === "owed" || record?.state === "refunding") return record;
  throw new StoreError("not_owed", "No owed payment has this id");
}

function checkNote(note: unknown): void {
  if (typeof note === "string" && note.trim() !== "" && note.length <= NOTE) return;
  throw new StoreError("invalid_refund", `\`note\` must have 1 to ${NOTE} characters`);
}

/** One transaction can give back several payments, but it is a mistake far more often. */
async function checkUnused(engine: Engine, found: StoredPayment, transaction: string): Promise<void> {
  for await (const other of walk(engine, "newest", { states: ["refunding", "refunded"] })) {
    if (nameOf(other) === nameOf(found) || other.offer.network !== found.offer.network) continue;
    if (!sameTransaction(other.refund?.transaction ?? "", transaction)) continue;
    throw new StoreError("transaction_taken", `The payment ${other.id} was refunded with this transaction`);
  }
}

/** The same where two are closed at once, and neither is on record yet. */
async function bindTransaction({ ledger }: Engine, found: StoredPayment, transaction: string): Promise<void> {
  const spelled = transaction.startsWith("0x") ? transaction.toLowerCase() : transaction;
  const first = await ledger.link(digest(`refund ${found.offer.network} ${spelled}`), nameOf(found));
  if (first === nameOf(found)) return;
  throw new StoreError("transaction_taken", `This transaction was given for the refund of the payment ${first}`);
}

function checkTransaction({ schemes }: Engine, record: StoredPayment, transaction: string): void {
  const { scheme: name, network } = record.offer;
  if (!findScheme(schemes, name, network)?.isTransaction(transaction)) {
    throw new StoreError("invalid_transaction", `This is not the id of a transaction on ${network}`);
  }
  if (sameTransaction(transaction, record.receipt?.transaction ?? record.transaction ?? "")) {
    throw new StoreError("invalid_transaction", "This is the buyer's own payment transaction");
  }
}
