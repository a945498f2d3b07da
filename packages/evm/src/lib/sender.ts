import { type Rpc, RpcFailure } from "@turnpike/core/chain";
import type { Hex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { keccak256 } from "viem/utils";
import { type Broadcast, deliver } from "./broadcast.js";
import { countTransactions } from "./chain.js";
import { createFeeReader } from "./fees.js";

/** A contract call to be mined. */
export interface Call {
  readonly to: Hex;
  readonly data: Hex;
  readonly gas: bigint;
}

/** Hears about a call's way to the node. */
export interface Journal {
  /** The bytes are about to leave. `false` withholds them. */
  leaving(broadcast: Broadcast): boolean;
  /** They provably did not become a transaction. */
  returned(): void;
}

/** One account's transactions on one chain. */
export interface Sender {
  readonly address: Hex;
  /**
   * Signs a call with the account's next nonce and sends it. Resolves once the node has it, or may have it.
   * Rejects only if the call is provably not on its way.
   */
  send(call: Call, chainId: number, journal: Journal): Promise<Broadcast>;
  /** Offers a transaction to the node again, in case it was lost. */
  resend(broadcast: Broadcast): Promise<void>;
  /** The transaction is mined, or never will be. */
  forget(broadcast: Broadcast): void;
}

/** Times that a nonce may turn out to be used by another process with the same key. */
const NONCE_TRIES = 6;
/** Milliseconds after which a transaction that is not mined is offered again, ahead of others that depend on it. */
const OVERDUE = 30_000;

/**
 * Calls go out one after another: a nonce is given only once the transaction before it has reached the node. So a
 * refused one leaves no gap behind which others would wait for ever. Waiting for blocks happens outside of that line.
 */
export function createSender(rpc: Rpc, privateKey: Hex): Sender {
  const account = privateKeyToAccount(privateKey);
  const fees = createFeeReader(rpc);
  /** Sent and not known to be mined, with the time of the last offer. */
  const open = new Map<Broadcast, number>();
  let next: number | undefined;
  let doubt: Broadcast | undefined;
  let line: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = line.then(work);
    line = turn.catch(() => undefined);
    return turn;
  };

  const count = (tag: "latest" | "pending") => countTransactions(rpc, account.address, tag);

  /** Nothing may follow a transaction that perhaps never arrived, so that one is offered first. */
  const clearDoubt = async () => {
    if (!doubt) return;
    const fate = await deliver(rpc, doubt.raw);
    if (fate.type === "unsent" || fate.type === "doubtful") throw fate.error;
    if (fate.type !== "accepted") {
      open.delete(doubt);
      next = undefined;
    }
    doubt = undefined;
  };

  /** A node may drop a transaction; later nonces would then never be mined. */
  const reviveOverdue = async () => {
    const overdue = [...open].filter(([, offered]) => Date.now() - offered > OVERDUE);
    if (overdue.length === 0) return;
    const mined = await count("latest");
    for (const [broadcast] of overdue) {
      if (broadcast.nonce < mined) open.delete(broadcast);
      else await offerAgain(broadcast);
    }
  };

  const offerAgain = async (broadcast: Broadcast) => {
    const fate = await deliver(rpc, broadcast.raw);
    if (open.has(broadcast)) open.set(broadcast, Date.now());
    if (fate.type === "accepted" && doubt === broadcast) doubt = undefined;
  };

  const sendInTurn = async (call: Call, chainId: number, journal: Journal) => {
    await clearDoubt();
    await reviveOverdue();
    const offer = await fees();
    // With nothing open the chain knows best: another process may have used the key, or the chain may be a new one.
    let nonce = next !== undefined && open.size > 0 ? next : await count("pending");
    for (let tries = 1; ; tries++) {
      const broadcast = await sign(account, { ...call, ...offer, chainId, nonce });
      if (!journal.leaving(broadcast)) {
        throw new RpcFailure("facilitator_timeout", "The caller no longer waits for the settlement.", false);
      }
      const fate = await deliver(rpc, broadcast.raw);
      if (fate.type === "accepted" || fate.type === "doubtful") {
        open.set(broadcast, Date.now());
        next = nonce + 1;
        if (fate.type === "doubtful") doubt = broadcast;
        return broadcast;
      }
      journal.returned();
      if (fate.type !== "stale" || tries === NONCE_TRIES) throw fate.error;
      nonce = Math.max(await count("pending"), nonce + 1, next ?? 0);
    }
  };

  return {
    address: account.address,
    send: (call, chainId, journal) => inTurn(() => sendInTurn(call, chainId, journal)),
    resend: offerAgain,
    forget: (broadcast) => {
      open.delete(broadcast);
      if (doubt === broadcast) doubt = undefined;
    },
  };
}

type Signable = Parameters<PrivateKeyAccount["signTransaction"]>[0] & { readonly nonce: number };

async function sign(account: PrivateKeyAccount, transaction: Signable): Promise<Broadcast> {
  const raw = await account.signTransaction(transaction);
  return { raw, hash: keccak256(raw), nonce: transaction.nonce };
}
