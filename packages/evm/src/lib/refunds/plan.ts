import { isAddress, lower } from "@turnpike/core/chain";
import type { Hex, TransactionSerializable } from "viem";
import { keccak256 } from "viem/utils";
import type { Fees } from "../fees.js";
import type { RefundAccount } from "./options.js";
import { RefundError } from "./refund-error.js";

/** A transaction down to its last member, without its signature. Addresses are in lower case. */
export interface Plan {
  readonly chainId: number;
  readonly from: Hex;
  /** The token. */
  readonly to: Hex;
  readonly data: Hex;
  readonly nonce: number;
  readonly gas: bigint;
  readonly fees: Fees;
  /** The newest block when the plan was made: none before it holds the transaction. */
  readonly block: bigint;
}

export interface Signed {
  readonly hash: Hex;
  readonly raw: Hex;
}

const VERSION = 1;
const DATA = /^0x(?:[0-9a-f]{2})+$/;

export function writePlan({ fees, gas, block, ...plan }: Plan): string {
  const { type, ...offered } = fees;
  const amounts = Object.entries({ ...offered, gas, block }).map(([name, value]) => [name, String(value)]);
  return JSON.stringify({ version: VERSION, type, ...plan, ...Object.fromEntries(amounts) });
}

/** @throws RefundError `refund_plan` */
export function readPlan(text: string): Plan {
  try {
    const { version, type, chainId, from, to, data, nonce, ...amounts } = JSON.parse(text) as Record<string, unknown>;
    const amount = (name: string) => {
      const value = amounts[name];
      if (typeof value !== "string" || !/^\d{1,78}$/.test(value)) throw new TypeError(name);
      return BigInt(value);
    };
    const fees = readFees(type, amount);
    const whole = [chainId, nonce].every((value) => Number.isSafeInteger(value) && (value as number) >= 0);
    if (version === VERSION && whole && isAddress(from) && isAddress(to) && typeof data === "string" && DATA.test(data))
      return {
        ...{ chainId: chainId as number, from: lower(from), to: lower(to), data: data as Hex },
        ...{ nonce: nonce as number, gas: amount("gas"), fees, block: amount("block") },
      };
  } catch {
    // The same is said of it below.
  }
  throw new RefundError("refund_plan", "The refund on record was not planned by this sender");
}

function readFees(type: unknown, amount: (name: string) => bigint): Fees {
  if (type === "legacy") return { type, gasPrice: amount("gasPrice") };
  if (type !== "eip1559") throw new TypeError("type");
  return { type, maxFeePerGas: amount("maxFeePerGas"), maxPriorityFeePerGas: amount("maxPriorityFeePerGas") };
}

/** Wei that the transaction costs at most. */
export function mostOf({ gas, fees }: Pick<Plan, "gas" | "fees">): bigint {
  return gas * (fees.type === "legacy" ? fees.gasPrice : fees.maxFeePerGas);
}

/** @throws RefundError `refund_account`; what the account itself says is left out, since it may quote what it signs with */
export async function signPlan(account: RefundAccount, plan: Plan): Promise<Signed> {
  const { chainId, to, data, nonce, gas, fees } = plan;
  const transaction: TransactionSerializable = { chainId, to, data, nonce, gas, ...fees };
  try {
    const raw = await account.signTransaction(transaction);
    return { raw, hash: keccak256(raw) };
  } catch {
    throw new RefundError("refund_account", "The account did not sign the transaction");
  }
}
