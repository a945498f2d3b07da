import type { StoredPayment } from "../ledger/record.js";
import type { ChainFinding, Finality } from "../schemes/chain.js";
import type { Engine, Presented } from "./engine.js";

/**
 * Blocks under which the chain's word counts that a payment was never used, or was spent elsewhere, where the route asks
 * for no depth of its own.
 */
const DEPTH = 12;
/** Milliseconds between two questions while a transaction is awaited: the first, and at most. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 2_000;
/** Seconds that the chain's clock and ours may differ. */
const CLOCK_SKEW = 30;

/** Whether anybody can be asked about the network of a payment. */
export function hasChain({ chains }: Engine, { requirements }: Presented): boolean {
  return chains.some(({ networks }) => networks.includes(requirements.network));
}

/** What the chain says of a payment; nothing if nobody can be asked, or it cannot tell. */
export async function askChain(
  engine: Engine,
  presented: Presented,
  record: Pick<StoredPayment, "createdAt" | "transaction" | "finality">,
  finality: Finality = record.finality ?? DEPTH,
): Promise<ChainFinding | undefined> {
  const { payload, requirements } = presented;
  const chain = engine.chains.find(({ networks }) => networks.includes(requirements.network));
  const since = Math.floor(record.createdAt / 1000) - CLOCK_SKEW;
  const { transaction } = record;
  try {
    return await chain?.find({ payload, requirements, since, ...(transaction ? { transaction } : {}) }, finality);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    engine.reporter.warn("A chain cannot be asked about a payment", { network: requirements.network, code });
    return undefined;
  }
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
