import { movedMoney, type Receipt, type Rpc, readBlock, readReceipt } from "@turnpike/core/chain";
import type { Hex } from "viem";
import type { Broadcast } from "./broadcast.js";
import { estimateGas } from "./chain.js";
import { examine, REHEARSAL_FAILED } from "./examination.js";
import type { Sender } from "./sender.js";
import type { Transfer } from "./transfer.js";

/** How a settlement ended. `transaction` is absent where nothing was broadcast. */
export type Outcome =
  | { readonly type: "settled"; readonly transaction: Hex }
  | { readonly type: "failed"; readonly reason: string; readonly transaction?: Hex }
  /** Settled, or about to be, for another caller. */
  | { readonly type: "elsewhere"; readonly transaction?: undefined }
  /** Broadcast, and not known to be mined. */
  | { readonly type: "pending"; readonly transaction: Hex };

/** One authorisation on its way onto the chain. */
export interface Job {
  readonly transfer: Transfer;
  /** Set before the bytes leave. */
  broadcast?: Broadcast;
  /** Whether a caller still wants it settled. Asked for the last time just before the bytes leave. */
  wanted(): boolean;
}

export interface SettlementOptions {
  readonly chainId: number;
  readonly confirmations: number;
  /** Milliseconds to wait for them. */
  readonly timeout: number;
  readonly maxGas: bigint;
}

/** Milliseconds between two looks for a receipt, rising from the first to the last. */
const FIRST_LOOK = 50;
const LAST_LOOK = 1000;
/** Milliseconds after which a transaction that is not mined is offered again. */
const REMIND = 5000;
/** Seconds beyond an authorisation's end after which even a node that lags knows that it was not used. */
const GRACE = 60n;

/** Settles a transfer: rehearses it, broadcasts it and waits. A job that was broadcast before is resumed. */
export async function settleTransfer(rpc: Rpc, sender: Sender, job: Job, options: SettlementOptions): Promise<Outcome> {
  const earlier = job.broadcast;
  if (earlier) {
    if (await hasLapsed(rpc, job.transfer, earlier)) return fail(earlier);
    await sender.resend(earlier);
    return awaitOutcome(rpc, sender, job.transfer, earlier, options);
  }
  const { token } = job.transfer;
  const examined = await examine(rpc, job.transfer, (data) => estimateGas(rpc, sender.address, token, data));
  if ("fault" in examined) return { type: "failed", reason: examined.fault };
  // Some room, since the state may change until the transaction is mined.
  const gas = (examined.result * 5n) / 4n;
  if (gas > options.maxGas) return { type: "failed", reason: REHEARSAL_FAILED };
  const broadcast = await sender.send({ to: token, data: examined.data, gas }, options.chainId, {
    leaving: (leaving) => {
      if (!job.wanted()) return false;
      job.broadcast = leaving;
      return true;
    },
    returned: () => {
      delete job.broadcast;
    },
  });
  return awaitOutcome(rpc, sender, job.transfer, broadcast, options);
}

/** Whether the authorisation ran out while the transaction was not mined: then it moves nothing any more. */
async function hasLapsed(rpc: Rpc, { validBefore }: Transfer, { hash }: Broadcast): Promise<boolean> {
  const { time } = await readBlock(rpc);
  return time > validBefore + GRACE && (await readReceipt(rpc, hash)) === undefined;
}

async function awaitOutcome(
  rpc: Rpc,
  sender: Sender,
  transfer: Transfer,
  broadcast: Broadcast,
  { confirmations, timeout }: SettlementOptions,
): Promise<Outcome> {
  const start = Date.now();
  let reminded = start;
  for (let pause = FIRST_LOOK; ; pause = Math.min(pause * 2, LAST_LOOK)) {
    const receipt = await findReceipt(rpc, broadcast.hash, confirmations);
    if (receipt) {
      sender.forget(broadcast);
      return judge(receipt, transfer, broadcast);
    }
    if (Date.now() - start + pause > timeout) return { type: "pending", transaction: broadcast.hash };
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (Date.now() - reminded > REMIND) {
      reminded = Date.now();
      await sender.resend(broadcast);
    }
  }
}

/** The receipt once it has enough blocks upon it. A node that cannot be asked right now is asked again. */
async function findReceipt(rpc: Rpc, hash: Hex, confirmations: number): Promise<Receipt | undefined> {
  try {
    const receipt = await readReceipt(rpc, hash);
    if (!receipt || confirmations <= 1) return receipt;
    const { number } = await readBlock(rpc);
    return number >= receipt.block + BigInt(confirmations - 1) ? receipt : undefined;
  } catch {
    return undefined;
  }
}

function judge(receipt: Receipt, transfer: Transfer, broadcast: Broadcast): Outcome {
  if (!receipt.succeeded || !movedMoney(receipt, transfer)) return fail(broadcast);
  return { type: "settled", transaction: broadcast.hash };
}

/** Broadcast without effect: reverted, lapsed, or a contract that only pretends to be a token. */
function fail({ hash }: Broadcast): Outcome {
  return { type: "failed", reason: "invalid_transaction_state", transaction: hash };
}
