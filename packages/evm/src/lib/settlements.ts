import { type CallOptions, FacilitatorError } from "@turnpike/core";
import type { Rpc } from "@turnpike/core/chain";
import { asFacilitatorError } from "./facilitator-error.js";
import type { Sender } from "./sender.js";
import { type Job, type Outcome, type SettlementOptions, settleTransfer } from "./settlement.js";
import type { Transfer } from "./transfer.js";

/** Milliseconds for which an outcome is remembered, and for which a pending one is. */
const KEEP_OUTCOME = 3_600_000;
const KEEP_PENDING = 86_400_000;
const SWEEP_EVERY = 60_000;
const MAX_OUTCOMES = 50_000;

interface Entry {
  readonly since: number;
  /** Gone once there is an outcome. */
  job?: Job;
  running?: Promise<Outcome>;
  waiting: number;
  outcome?: Outcome;
  /** Whose settlement it is: the token of the caller that asked first, if that had one. */
  readonly token: string | undefined;
  /** It has got the success. */
  told: boolean;
}

const ELSEWHERE: Outcome = { type: "elsewhere" };

/** Settlements by authorisation, so that each is broadcast once however often and from wherever it is asked for. */
export interface Settlements {
  /** Whether this very authorisation and signature was asked for before. */
  knows(transfer: Transfer): boolean;
  /** @throws FacilitatorError if there is no outcome to tell */
  settle(transfer: Transfer, options: CallOptions): Promise<Outcome>;
}

export interface SettlementsOptions extends Omit<SettlementOptions, "chainId"> {
  readonly retell: boolean;
  chainId(): Promise<number>;
}

export function createSettlements(rpc: Rpc, sender: Sender, options: SettlementsOptions): Settlements {
  const entries = new Map<string, Entry>();
  let swept = Date.now();

  const start = (key: string, transfer: Transfer, token: string | undefined): Entry => {
    if (Date.now() - swept > SWEEP_EVERY) {
      swept = Date.now();
      sweep(entries, swept);
    }
    const entry: Entry = { since: Date.now(), waiting: 0, token, told: false };
    entry.job = { transfer, wanted: () => entry.waiting > 0 };
    entries.set(key, entry);
    return entry;
  };

  const run = async (key: string, entry: Entry, job: Job): Promise<Outcome> => {
    try {
      const outcome = await settleTransfer(rpc, sender, job, { ...options, chainId: await options.chainId() });
      if (outcome.type === "failed" && outcome.transaction === undefined) entries.delete(key);
      else if (outcome.type !== "pending") {
        entry.outcome = outcome;
        delete entry.job;
      }
      return outcome;
    } catch (error) {
      // What may have left is pending until the chain can be asked again.
      if (job.broadcast) return { type: "pending", transaction: job.broadcast.hash };
      entries.delete(key);
      throw asFacilitatorError(error, false);
    } finally {
      delete entry.running;
    }
  };

  return {
    knows: (transfer) => entries.has(name(transfer)),
    settle: async (transfer, { signal, token }) => {
      if (signal?.aborted) throw givenUp(false);
      const key = name(transfer);
      const entry = entries.get(key) ?? start(key, transfer, token);
      if (!entry.outcome && entry.job) entry.running ??= run(key, entry, entry.job);
      const outcome = entry.outcome ?? (await attend(entry, signal));
      if (outcome.type === "failed") return outcome;
      // What pays at one ledger would pay at every other one that gets it, and so would what may still settle.
      if (token !== entry.token) return ELSEWHERE;
      if (outcome.type === "pending") return outcome;
      // Callers without a token cannot be told apart: the first of them that gets a success is the only one.
      if (entry.told && (token === undefined || !options.retell)) return ELSEWHERE;
      entry.told = true;
      return outcome;
    },
  };
}

/** The signature is part of the name, so that a forged one finds nothing of the true one's. */
function name({ digest, signature }: Transfer): string {
  return `${digest}:${signature}`;
}

/** Waits for the outcome until the caller gives up. A settlement without a waiting caller is not broadcast. */
async function attend(entry: Entry, signal: AbortSignal | undefined): Promise<Outcome> {
  entry.waiting++;
  let giveUp: (() => void) | undefined;
  const gaveUp = new Promise<"gave up">((resolve) => {
    giveUp = () => resolve("gave up");
    signal?.addEventListener("abort", giveUp, { once: true });
  });
  try {
    const outcome = await Promise.race([entry.running as Promise<Outcome>, gaveUp]);
    if (outcome !== "gave up") return outcome;
  } finally {
    entry.waiting--;
    if (giveUp) signal?.removeEventListener("abort", giveUp);
  }
  const broadcast = entry.job?.broadcast;
  if (broadcast) return { type: "pending", transaction: broadcast.hash };
  // Others who wait for the same authorisation may still see it sent.
  throw givenUp(entry.waiting > 0);
}

function givenUp(sent: boolean): FacilitatorError {
  return new FacilitatorError("facilitator_timeout", "The caller gave up before the settlement was broadcast.", {
    sent,
  });
}

function sweep(entries: Map<string, Entry>, now: number): void {
  let surplus = entries.size - MAX_OUTCOMES;
  for (const [key, { since, running, outcome }] of entries) {
    if (running) continue;
    const age = now - since;
    if (outcome ? age > KEEP_OUTCOME || surplus > 0 : age > KEEP_PENDING) {
      entries.delete(key);
      surplus--;
    }
  }
}
