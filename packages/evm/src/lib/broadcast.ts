import { type Rpc, RpcFailure, RpcRefusal } from "@turnpike/core/chain";
import type { Hex } from "viem";

/** A signed transaction. Its hash is known before it is sent, and sending it again changes nothing. */
export interface Broadcast {
  readonly hash: Hex;
  readonly raw: Hex;
  readonly nonce: number;
}

/** The result of handing a transaction to the node. */
export type Fate =
  | { readonly type: "accepted" }
  /** The account's nonce is used by another transaction. */
  | { readonly type: "stale"; readonly error: unknown }
  /** The node said no. */
  | { readonly type: "refused"; readonly error: unknown }
  /** It never reached the node. */
  | { readonly type: "unsent"; readonly error: unknown }
  /** Not known. */
  | { readonly type: "doubtful"; readonly error: unknown };

/** Milliseconds before a transaction is offered again to a node that was too busy for it. */
const PATIENCE = [150, 450, 1000];

const KNOWN = /already known|already imported|already exists|known transaction|already in (?:the )?(?:mem)?pool/i;
const STALE = /nonce (?:is )?too low|old nonce|invalid nonce|replacement|nonce already/i;
const BUSY = /rate|too many|limit reached|limit exceeded|capacity|pool is full|pool limit/i;
const REFUSED =
  /insufficient funds|exceeds transaction sender account balance|underpriced|base ?fee|fee cap|tip higher|intrinsic gas|gas limit|gas too|invalid sender|invalid signature|chain ?id|not supported|not valid|nonce too high/i;

export async function deliver(rpc: Rpc, raw: Hex): Promise<Fate> {
  for (const pause of PATIENCE) {
    const fate = await offer(rpc, raw);
    if (fate !== "busy") return fate;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  const last = await offer(rpc, raw);
  return last === "busy"
    ? { type: "refused", error: new RpcFailure("facilitator_busy", "The chain's node is too busy.") }
    : last;
}

async function offer(rpc: Rpc, raw: Hex): Promise<Fate | "busy"> {
  try {
    await rpc.request("eth_sendRawTransaction", [raw]);
    return { type: "accepted" };
  } catch (error) {
    if (error instanceof RpcRefusal) return readRefusal(error);
    if (error instanceof RpcFailure && error.status === 429) return "busy";
    if (error instanceof RpcFailure && !error.arrived) return { type: "unsent", error };
    return { type: "doubtful", error };
  }
}

/** Nodes tell their reasons in words only. What is not understood is doubtful, never a refusal. */
function readRefusal(error: RpcRefusal): Fate | "busy" {
  if (KNOWN.test(error.words)) return { type: "accepted" };
  if (STALE.test(error.words)) return { type: "stale", error };
  if (REFUSED.test(error.words)) return { type: "refused", error };
  if (BUSY.test(error.words)) return "busy";
  return { type: "doubtful", error };
}
