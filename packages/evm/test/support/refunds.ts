import { type PaymentRecord, type RefundSender, StoreError } from "@turnpike/core";
import type { Hex } from "viem";
import { type EvmRefundOptions, evmRefunds } from "../../src/index.js";
import { now, requirementsOf } from "./payments.js";
import { chain, node } from "./stage.js";

/** A sender by the seller's key that waits until it is certain, and believes what is on record. */
export const openSender = (options: Partial<EvmRefundOptions> = {}): RefundSender =>
  evmRefunds({
    network: chain.network,
    rpcUrl: node.rpcUrl,
    ...(options.account ? {} : { privateKey: chain.accounts.seller.privateKey }),
    confirmations: 1,
    timeout: 60_000,
    trustRecord: true,
    ...options,
  });

/** A payment of 0.01 USDC by the stranger, who has none else, that is owed. */
export function oweTo(changes: Partial<PaymentRecord> = {}): PaymentRecord {
  const { network } = chain;
  const payer = chain.accounts.stranger.address;
  const transaction: Hex = `0x${"ab".repeat(32)}`;
  const at = now() * 1000;
  return {
    id: `${network}:debt-${++debts}`,
    version: 3,
    state: "owed",
    route: "GET /weather",
    request: "GET /weather",
    offer: requirementsOf(chain),
    payer,
    facilitator: "https://facilitator.test",
    transaction,
    receipt: { success: true, network, transaction, payer },
    runs: 1,
    createdAt: at,
    updatedAt: at,
    times: { owed: at },
    ...changes,
  };
}
let debts = 0;

/** The payment as it is on record once its refund is planned. */
export async function plan(sender: RefundSender, payment = oweTo()): Promise<PaymentRecord> {
  const { transaction, plan } = await sender.prepare(payment);
  return { ...payment, state: "refunding", refund: { transaction, plan } };
}

/** What the stranger has been given. */
export const given = () => chain.balanceOf(chain.accounts.stranger.address);

/** The code of an error; fails if there is none. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new StoreError("nothing_thrown", "nothing was thrown"),
    (thrown) => thrown,
  );
  return String(Reflect.get(Object(error), "code"));
}

/** Returns 2 ** 128. */
const BALANCE = "600160801b60005260206000f3";

/** Tokens that say of every account that it is rich, and differ in what a transfer does. */
export const oddTokens = {
  /** Answers false. */
  refusing: "0x3660241460801b60005260206000f3",
  /** Answers true, and moves nothing. */
  pretending: "0x3660241460801b60011760005260206000f3",
  /** Answers nothing, and tells of the transfer, as old tokens do. */
  silent: `0x36602414603857602435600052600435337fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef60206000a3005b${BALANCE}`,
  /** Reverts. */
  frozen: `0x36602414600c5760006000fd5b${BALANCE}`,
} as const;
