import {
  type PaymentRecord,
  type PendingReason,
  type PlannedRefund,
  type RefundResult,
  type RefundSender,
  StoreError,
} from "@turnpike/core";
import { formatAmount } from "@turnpike/core/chain";
import type { Action } from "./actions.js";
import { load } from "./drivers.js";
import { CommandError } from "./errors.js";
import { FINE, STILL_OPEN } from "./exit-codes.js";
import type { Io } from "./io.js";
import { withPaywall } from "./open.js";
import { paymentFacts } from "./payment-facts.js";
import { resolvedText } from "./present.js";
import { readKey } from "./refund-key.js";
import { type RpcSettings, readRpcs } from "./settings.js";
import { findPayment, fullId } from "./short-id.js";
import { facts, json, plain } from "./text.js";

export interface RefundArguments {
  readonly keyFile?: string;
  readonly confirmations: number;
  /** Seconds. */
  readonly wait: number;
  readonly trustRecord?: boolean;
  readonly yes?: boolean;
}

/** Milliseconds for one request to the chain, at most. */
const RPC_TIMEOUT = 10_000;
/** Coins that gas is paid in, by chain, if not ether. */
const COINS: Readonly<Record<string, string>> = { "137": "POL", "43113": "AVAX", "43114": "AVAX" };
const COIN_DECIMALS = 18;

/** Refunds an owed payment. Without `--yes` it only shows what it would send. */
export const refund: Action<[id: string, given: RefundArguments]> = async (io, options, id, given) => {
  const rpcs = readRpcs(options, io);
  return withPaywall(options, io, false, async (paywall, { store, progress }) => {
    const record = await findPayment(paywall, store, id);
    checkOwed(record);
    const sender = await openSender(io, rpcs, given, record);
    let planned: PlannedRefund | undefined;
    const confirm = (plan: PlannedRefund) => {
      planned = plan;
      if (given.yes) tellPlan(io, plan);
      progress.doing("waiting for the transaction");
      return given.yes === true;
    };
    const result = await paywall.refund(record.id, sender, {
      confirm,
      ...(io.signal ? { signal: io.signal } : {}),
    });
    if (planned) io.out(options.json ? json(refundFacts(result, planned)) : refundText(result, planned));
    return result.type === "planned" || result.type === "refunded" ? FINE : STILL_OPEN;
  });
};

/** Records that the money was refunded, by a transaction or otherwise. */
export const resolveRefunded: Action<
  [id: string, given: { transaction?: string; note?: string; force?: boolean; yes?: boolean }]
> = (io, options, id, { yes, ...given }) => {
  if (!yes) {
    throw new CommandError(
      "unconfirmed",
      "This permanently records that the buyer was refunded and can no longer collect. Check that the money has arrived, then repeat the command with --yes",
    );
  }
  if ((given.transaction === undefined) === (given.note === undefined)) {
    throw new CommandError("invalid_arguments", "Say how it was refunded: either --transaction or --note");
  }
  return withPaywall(options, io, false, async (paywall) => {
    const record = await paywall.resolve(await fullId(paywall, id), "refunded", given);
    io.out(options.json ? json(paymentFacts(record)) : resolvedText(record));
    return FINE;
  });
};

/** @throws StoreError `not_owed`: checked before a node and a key are required */
function checkOwed({ state }: PaymentRecord): void {
  if (state === "owed" || state === "refunding") return;
  throw new StoreError("not_owed", `The payment is ${state}, not owed to its buyer`);
}

/** One sender for every chain with a node. */
async function openSender(
  io: Io,
  rpcs: readonly RpcSettings[],
  given: RefundArguments,
  { offer: { network } }: PaymentRecord,
): Promise<RefundSender> {
  if (!rpcs.some((rpc) => rpc.network === network)) {
    throw new CommandError("invalid_arguments", `Name a node of the payment's network: --rpc ${network}=https://…`);
  }
  const { evmRefunds } = await load("viem", "A refund", () => import("@turnpike/evm"));
  const privateKey = readKey(given.keyFile, io);
  const timeout = given.wait * 1_000;
  const { confirmations, trustRecord = false } = given;
  const how = { confirmations, trustRecord, timeout, rpcTimeout: Math.min(timeout, RPC_TIMEOUT) };
  const senders = rpcs.map((rpc) => evmRefunds({ ...rpc, privateKey, ...how }));
  const of = (network: string) => senders.find(({ networks }) => networks.includes(network)) as RefundSender;
  return {
    networks: senders.flatMap(({ networks }) => networks),
    prepare: (payment) => of(payment.offer.network).prepare(payment),
    send: (payment, options) => of(payment.offer.network).send(payment, options),
  };
}

function tellPlan({ err }: Io, planned: PlannedRefund): void {
  const { to, transaction, resumed } = planned;
  const begun = resumed ? "resuming the refund of" : "sending";
  err(`turnpike: ${plain(`${begun} ${moneyOf(planned)} to ${to} by ${transaction}`)}\n`);
}

function refundFacts(result: RefundResult, planned: PlannedRefund) {
  const { resumed, fee, ...rest } = planned;
  const reason = result.type === "pending" ? result.reason : undefined;
  const { id, state } = result.payment;
  return { result: result.type, reason, id, state, ...rest, money: moneyOf(planned), fee, resumed };
}

function refundText(result: RefundResult, planned: PlannedRefund): string {
  const { from, to, network, transaction } = planned;
  const lines = facts([
    ["payment", result.payment.id],
    ["from", from],
    ["to", to],
    ["amount", moneyOf(planned)],
    ["network", network],
    ["fee", feeOf(planned)],
    ["transaction", transaction],
  ]);
  return `${lines}${plain(endOf(result, planned))}\n`;
}

const REASONS: Readonly<Record<PendingReason, string>> = {
  unmined: "It is not in a block yet",
  shallow: "It is in a block, but does not have enough confirmations yet",
  reverted: "It was reverted. Once that is final, the payment is owed again",
  nonce_used:
    "Another transaction of the account seems to have taken its place. Once that is final, the payment is owed again",
  not_accepted: "The node rejects it: the account may lack gas, or fees have risen",
};

function endOf(result: RefundResult, { resumed }: PlannedRefund): string {
  switch (result.type) {
    case "planned":
      return resumed
        ? "A refund with this transaction is in progress. Nothing was sent now; --yes resumes it."
        : "Nothing was sent. Repeat the command with --yes to send it; the transaction id may then differ.";
    case "refunded":
      return "Refunded.";
    case "pending":
      return `Not confirmed yet. ${REASONS[result.reason ?? "unmined"]}. Run the same command again: it resumes this transaction.`;
    case "void":
      return "This transaction can no longer happen, and nothing was refunded. Run the same command again to start another.";
  }
}

function moneyOf({ amount, token, decimals, asset }: PlannedRefund): string {
  if (token === undefined || decimals === undefined) return `${amount} atomic units of ${asset}`;
  return `${formatAmount(BigInt(amount), decimals)} ${token}`;
}

function feeOf({ fee, network }: PlannedRefund): string {
  if (fee === undefined) return "unknown";
  return `at most ${formatAmount(BigInt(fee), COIN_DECIMALS)} ${COINS[network.split(":")[1] ?? ""] ?? "ETH"}`;
}

export function readConfirmations(text: string): number {
  return readWhole("--confirmations", text, 1_000);
}

export function readWait(text: string): number {
  return readWhole("--wait", text, 3_600);
}

export function readNote(text: string): string {
  if (text.trim() !== "" && text.length <= 500) return text;
  throw new CommandError("invalid_arguments", "--note must have 1 to 500 characters");
}

function readWhole(option: string, text: string, most: number): number {
  const value = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new CommandError("invalid_arguments", `${option} must be a whole number from 1 to ${most}`);
}
