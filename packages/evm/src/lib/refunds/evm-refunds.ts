import type { PaymentRecord, RefundPlan, RefundSender } from "@turnpike/core";
import { asChainError, ChainError, createRpc, lower, readChainId } from "@turnpike/core/chain";
import { getAddress } from "viem/utils";
import { createFeeReader } from "../fees.js";
import { encodeRefund, readDebt } from "./debt.js";
import { followRefund, type Refund } from "./follow.js";
import { type EvmRefundOptions, readRefundOptions } from "./options.js";
import { mostOf, readPlan, signPlan, writePlan } from "./plan.js";
import { planRefund } from "./prepare.js";
import { RefundError } from "./refund-error.js";

/**
 * Refunds owed payments on one EVM network: transfers the charged amount of the token from a seller's account to the recorded
 * payer. For `paywall.refund`. Rejects with a RefundError or a ChainError, neither of which contains
 * the key or the endpoint's address.
 * @throws ConfigError
 * @example
 * const sender = evmRefunds({ network: "base", rpcUrl, privateKey });
 * const { type } = await tolls.refund(debt.id, sender);
 */
export function evmRefunds(options: EvmRefundOptions): RefundSender {
  const settings = readRefundOptions(options);
  const { account, network, chainId, rpcUrl, rpcTimeout } = settings;
  const rpc = createRpc(rpcUrl, rpcTimeout);
  const readFees = createFeeReader(rpc);

  const checkChain = async () => {
    if ((await readChainId(rpc)) === chainId) return;
    throw new ChainError("chain_mismatch", `The chain's node does not serve ${network}.`);
  };

  const begin = async (payment: PaymentRecord): Promise<Refund> => {
    const debt = readDebt(payment, network);
    await checkChain();
    const plan = await planRefund(rpc, payment, settings, readFees);
    const signed = await signPlan(account, plan);
    if ((await signPlan(account, plan)).hash === signed.hash) return { ...signed, plan, debt };
    throw new RefundError(
      "refund_account",
      "The account signs the same transaction in another way each time, so a refund that is interrupted could not be resumed. Use a plain key",
    );
  };

  /** The refund on record, signed again. A record is not trusted to name any transaction but this payment's refund. */
  const resume = async (payment: PaymentRecord): Promise<Refund> => {
    const { plan: text = "", transaction = "" } = payment.refund ?? {};
    const debt = readDebt(payment, network);
    const plan = readPlan(text);
    if (plan.chainId !== chainId || plan.to !== debt.token || plan.data !== encodeRefund(payment, debt)) {
      throw new RefundError("refund_plan", "The plan on record does not give back this payment");
    }
    if (plan.from !== lower(account.address)) {
      throw new RefundError(
        "refund_key",
        `This refund was started by account ${getAddress(plan.from)}, but the key belongs to ${account.address}`,
      );
    }
    const signed = await signPlan(account, plan);
    if (signed.hash === transaction.toLowerCase()) return { ...signed, plan, debt };
    throw new RefundError("refund_key", "The account does not sign the transaction on record in the same way again");
  };

  const show = ({ plan, hash, debt }: Refund): RefundPlan => ({
    transaction: hash,
    plan: writePlan(plan),
    from: getAddress(plan.from),
    to: getAddress(debt.to),
    amount: String(debt.value),
    fee: String(mostOf(plan)),
  });

  return {
    networks: [network],
    prepare: (payment) =>
      told(async () => show(await (payment.refund?.plan === undefined ? begin(payment) : resume(payment)))),
    send: (payment, { signal } = {}) =>
      told(async () => {
        const refund = await resume(payment);
        await checkChain();
        return followRefund(rpc, refund, settings, signal);
      }),
  };
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof RefundError ? error : asChainError(error);
  }
}
