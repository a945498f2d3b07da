import { isAttempt, type StoredPayment } from "../ledger/record.js";
import type { ChainFinding, Finality, OwnTransfer } from "../schemes/chain.js";
import type { Engine, Presented } from "./engine.js";

/**
 * Blocks after which the chain is trusted that a payment was never used, or was spent elsewhere, where the route asks
 * for no depth of its own.
 */
const DEPTH = 12;
/** Milliseconds between two questions while a transaction is awaited: the first, and at most. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 2_000;
/** Seconds that the chain's clock and ours may differ. */
const CLOCK_SKEW = 30;

/** Whether there is a chain to ask about a payment. */
export function hasChain({ chains }: Engine, { requirements }: Presented): boolean {
  return chains.some(({ networks }) => networks.includes(requirements.network));
}

/** What the chain says of a payment; nothing if none can be asked, or it cannot tell. */
async function askChain(
  engine: Engine,
  presented: Presented,
  record: Pick<StoredPayment, "createdAt" | "transaction" | "finality">,
  finality: Finality = record.finality ?? DEPTH,
  claim?: OwnTransfer,
): Promise<ChainFinding | undefined> {
  const { payload, requirements } = presented;
  const chain = engine.chains.find(({ networks }) => networks.includes(requirements.network));
  const since = Math.floor(record.createdAt / 1000) - CLOCK_SKEW;
  const { transaction } = record;
  try {
    const payment = { payload, requirements, since, ...(transaction ? { transaction } : {}) };
    return await chain?.find(claim ? { ...payment, claim } : payment, finality);
  } catch (error) {
    const code = (error as { readonly code?: unknown } | undefined)?.code;
    const facts = { network: requirements.network };
    // A reader of the seller's own may throw anything; ours says by its code what failed, and no more.
    if (code === undefined) engine.reporter.failed("A chain reader failed", facts, { code: "chain_failed", error });
    else engine.reporter.warn("A chain could not be read for a payment", { ...facts, code });
    return undefined;
  }
}

/**
 * The same of a payment that may be an old one, or another purchase's. A transfer counts as this purchase's own if a facilitator
 * found the payment unspent for it, or else if it is not older than the claim; and if it shows no other signature, and this
 * very one where it is not proven.
 * @param doubt an earlier call's outcome is unknown, so that the two clocks may differ. What is called used at once may be
 * old, and is held to the claim's own time.
 */
export async function askWhoPaid(
  engine: Engine,
  presented: Presented,
  record: Omit<StoredPayment, "version">,
  { doubt, verified }: { readonly doubt: boolean; readonly verified: boolean },
): Promise<ChainFinding | undefined> {
  const { claimedAt = record.createdAt, times } = record;
  if (verified || (times.running ?? 0) >= claimedAt) {
    const finding = await askChain(engine, presented, record, record.finality ?? DEPTH, { since: 0, signed: false });
    return finding?.type === "settled" ? { ...finding, own: finding.own ?? true } : finding;
  }
  const since = claimedAt / 1000 - (doubt ? CLOCK_SKEW : 0);
  return askChain(engine, presented, record, record.finality ?? DEPTH, { since, signed: isAttempt(record) });
}

/** Waits until the chain shows the transfer at the depth asked for, at most as long as a settlement may take. */
export async function confirmOnChain(
  engine: Engine,
  presented: Presented,
  record: Pick<StoredPayment, "createdAt" | "transaction">,
  finality: Finality,
): Promise<ChainFinding | undefined> {
  const deadline = performance.now() + engine.timeouts.settle;
  let wait = FIRST_WAIT;
  for (;;) {
    const finding = await askChain(engine, presented, record, finality);
    if (finding && finding.type !== "unused" && finding.final) return finding;
    if (performance.now() + wait > deadline) return finding;
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}
