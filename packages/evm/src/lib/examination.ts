import { isAuthorizationUsed, type Rpc, readBlock } from "@turnpike/core/chain";
import type { Hex } from "viem";
import { hasCode, isWalletSignature, readBalance } from "./chain.js";
import { isSignedBy, readPlainSignature } from "./signature.js";
import { encodeTransfer, type Fault, type Transfer } from "./transfer.js";

/** The call would revert, for a reason that is not known here. */
export const REHEARSAL_FAILED = "invalid_exact_evm_transaction_simulation_failed";

/** The authorisation was used before, by any caller and for any purpose. */
export const ALREADY_USED = "invalid_exact_evm_nonce_already_used";

/** The transfer as the chain sees it: the call that makes it, and what the rehearsal of that call told. */
export interface Rehearsed<T> {
  readonly data: Hex;
  readonly result: T;
}

/**
 * Asks the chain whether a transfer would go through: signature, nonce, balance, and a rehearsal of the call.
 * `rehearse` gives nothing if the call would revert.
 */
export async function examine<T>(
  rpc: Rpc,
  transfer: Transfer,
  rehearse: (data: Hex) => Promise<T | undefined>,
): Promise<Rehearsed<T> | Fault> {
  const plain = readPlainSignature(transfer.signature);
  const byKey = plain !== undefined && (await isSignedBy(transfer.from, transfer.digest, plain));
  if (!byKey && !(await isSignedByWallet(rpc, transfer))) return { fault: "invalid_exact_evm_payload_signature" };
  const data = encodeTransfer(transfer, byKey ? plain : undefined);
  const [result, used, balance] = await Promise.all([
    rehearse(data),
    isAuthorizationUsed(rpc, transfer),
    readBalance(rpc, transfer.token, transfer.from),
  ]);
  // An address without code takes any call, so the rehearsal alone would prove nothing.
  if (used === undefined || balance === undefined) return { fault: "invalid_payment_requirements" };
  if (used) return { fault: ALREADY_USED };
  if (balance < transfer.value) return { fault: "insufficient_funds" };
  return result === undefined ? explainRevert(rpc, transfer) : { data, result };
}

async function isSignedByWallet(rpc: Rpc, transfer: Transfer): Promise<boolean> {
  return (await hasCode(rpc, transfer.from)) && isWalletSignature(rpc, transfer);
}

/**
 * The chain's clock may differ from this process's. For what else a token may refuse (a frozen account, another EIP-712
 * domain than the offer's) the code is the reference facilitator's, since the protocol has none.
 */
async function explainRevert(rpc: Rpc, { validAfter, validBefore }: Transfer): Promise<Fault> {
  const { time } = await readBlock(rpc);
  if (time <= validAfter) return { fault: "invalid_exact_evm_payload_authorization_valid_after" };
  if (time >= validBefore) return { fault: "invalid_exact_evm_payload_authorization_valid_before" };
  return { fault: REHEARSAL_FAILED };
}
