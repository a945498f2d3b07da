import type { PaymentRecord } from "@turnpike/core";
import { lower, type Rpc, readBlock, unlessReverted } from "@turnpike/core/chain";
import type { Hex } from "viem";
import { countTransactions, estimateGas, readBalance } from "../chain.js";
import type { Fees } from "../fees.js";
import { checkCharge, encodeRefund, readDebt } from "./debt.js";
import type { RefundSettings } from "./options.js";
import { mostOf, type Plan } from "./plan.js";
import { RefundError } from "./refund-error.js";

/** Gas beyond half of the estimate: the payer may have emptied the account meanwhile, and first money costs more. */
const MORE_GAS = 20_000n;
/** A plain account that lets a contract act for it (EIP-7702) still sends transactions. */
const DELEGATION = /^0xef0100/i;
const FALSE = /^0x0*$/;

/**
 * Makes a new transaction, once the chain says that it would succeed now.
 * @throws RefundError
 */
export async function planRefund(
  rpc: Rpc,
  payment: PaymentRecord,
  { account, network, chainId, trustRecord }: RefundSettings,
  readFees: () => Promise<Fees>,
): Promise<Plan> {
  const debt = readDebt(payment, network);
  const from = lower(account.address);
  const { token, value } = debt;
  const data = encodeRefund(payment, debt);
  if (!trustRecord) await checkCharge(rpc, payment, debt);
  // Ahead of the nonce, so that no earlier block can hold the transaction.
  const { number: block } = await readBlock(rpc);
  const [code, balance, coins, nonce, fees] = await Promise.all([
    rpc.request("eth_getCode", [from, "latest"]),
    readBalance(rpc, token, from),
    rpc.request("eth_getBalance", [from, "latest"]),
    countTransactions(rpc, from, "pending"),
    readFees(),
  ]);
  if (typeof code !== "string" || (code !== "0x" && !DELEGATION.test(code))) {
    throw new RefundError("refund_account", `There is a contract at ${account.address}: it cannot send transactions`);
  }
  if (balance === undefined) throw new RefundError("refund_refused", `There is no token at ${payment.offer.asset}`);
  if (balance < value) {
    throw new RefundError(
      "refund_funds",
      `The account ${account.address} holds ${balance} atomic units of the token, and ${value} are needed`,
    );
  }
  const gas = await rehearse(rpc, from, token, data);
  const plan: Plan = {
    ...{ chainId, from, to: token, data, nonce, block },
    ...{ gas: (gas * 3n) / 2n + MORE_GAS, fees: generous(fees) },
  };
  const most = mostOf(plan);
  if (BigInt(coins as Hex) < most) {
    throw new RefundError(
      "refund_gas",
      `The account ${account.address} holds ${BigInt(coins as Hex)} wei for gas, and the transaction may cost ${most}`,
    );
  }
  return plan;
}

/** The gas that it takes. A token that returns `false` has moved nothing, and older ones return nothing at all. */
async function rehearse(rpc: Rpc, from: Hex, token: Hex, data: Hex): Promise<bigint> {
  const [said, gas] = await Promise.all([
    unlessReverted(() => rpc.request("eth_call", [{ from, to: token, data }, "latest"])),
    estimateGas(rpc, from, token, data),
  ]);
  if (typeof said === "string" && gas !== undefined && (said === "0x" || !FALSE.test(said))) return gas;
  throw new RefundError(
    "refund_refused",
    "The token refuses this transfer: it may have frozen the account or the payer, or be paused",
  );
}

/**
 * The plan may wait, and its fees cannot be raised without another transaction. A base fee that is not asked for is not paid;
 * a price in the old form is.
 */
function generous(fees: Fees): Fees {
  if (fees.type === "legacy") return { type: "legacy", gasPrice: (fees.gasPrice * 3n) / 2n };
  const { type, maxFeePerGas, maxPriorityFeePerGas } = fees;
  return { type, maxFeePerGas: maxFeePerGas * 2n, maxPriorityFeePerGas: (maxPriorityFeePerGas * 3n) / 2n };
}
