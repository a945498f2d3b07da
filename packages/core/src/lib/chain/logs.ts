import { type Block, findBlock, nameBlock } from "./node.js";
import type { Rpc } from "./rpc.js";
import { RpcFailure, RpcRefusal } from "./rpc-errors.js";
import type { Hex } from "./words.js";

/** Blocks that one request covers, where the node allows it. */
const SPAN = 2000n;
/** Blocks that one search covers in all. */
const MAX_BLOCKS = 200_000n;
/** Milliseconds before a busy node is asked again: at first, and at most. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 800;
/** How much smaller a range becomes when the node refuses it. */
const SHRINK = 4n;

export interface LogFilter {
  readonly address: Hex | readonly Hex[];
  readonly topics: readonly (Hex | readonly Hex[])[];
}

export interface Blocks {
  readonly first: bigint;
  readonly last: bigint;
}

/** How many blocks a node takes at once: found by trying, and remembered from search to search. */
export interface Pace {
  span: bigint;
}

export const createPace = (): Pace => ({ span: SPAN });

/**
 * A block that is not later than a time in Unix seconds, and not much earlier than the last such block.
 * `undefined` if the node no longer has blocks that old.
 */
export async function findBlockBefore(rpc: Rpc, head: Block, time: bigint): Promise<bigint | undefined> {
  let high = head.number;
  let low: bigint;
  for (let back = SPAN; ; back *= SHRINK) {
    low = head.number > back ? head.number - back : 0n;
    if (low === 0n) break;
    const block = await findBlock(rpc, low);
    if (!block) return undefined;
    if (block.time <= time) break;
    high = low;
  }
  while (high - low > SPAN) {
    const middle = (low + high) / 2n;
    const block = await findBlock(rpc, middle);
    if (!block) return undefined;
    if (block.time <= time) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Reads logs in ranges that the node accepts, earliest first, until `visit` finds something.
 * @returns what was found, and whether the search saw every block
 */
export async function searchLogs<T>(
  rpc: Rpc,
  filter: LogFilter,
  { first, last }: Blocks,
  pace: Pace,
  visit: (logs: readonly unknown[]) => Promise<T | undefined>,
): Promise<{ readonly found: T | undefined; readonly whole: boolean }> {
  const bound = first + MAX_BLOCKS - 1n;
  const end = bound < last ? bound : last;
  const known = pace.span;
  let span = known;
  // A refusal may have had another reason than the range, so what a search has tried counts once it has succeeded.
  pace.span = SPAN;
  let found: T | undefined;
  for (let at = first; at <= end && found === undefined; ) {
    const to = at + span - 1n < end ? at + span - 1n : end;
    let logs: readonly unknown[];
    try {
      logs = await readPatiently(rpc, filter, { first: at, last: to });
    } catch (error) {
      if (span === 1n || !asksForLess(error)) throw error;
      span = span > SHRINK ? span / SHRINK : 1n;
      continue;
    }
    found = await visit(logs);
    at = to + 1n;
  }
  const larger = span * SHRINK < SPAN ? span * SHRINK : SPAN;
  pace.span = span < known ? span : larger;
  return { found, whole: found === undefined && end === last };
}

/** A node that is busy is asked once more for the same, a few times. */
async function readPatiently(rpc: Rpc, filter: LogFilter, blocks: Blocks): Promise<readonly unknown[]> {
  for (let wait = FIRST_WAIT; ; wait *= 2) {
    try {
      return await readLogs(rpc, filter, blocks);
    } catch (error) {
      if (!(error instanceof RpcRefusal && isBusy(error)) || wait > LONGEST_WAIT) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

async function readLogs(rpc: Rpc, filter: LogFilter, { first, last }: Blocks): Promise<readonly unknown[]> {
  const range = { fromBlock: nameBlock(first), toBlock: nameBlock(last) };
  const logs = await rpc.request("eth_getLogs", [{ ...filter, ...range }]);
  if (!Array.isArray(logs)) {
    throw new RpcFailure("facilitator_unreadable", "The chain's node did not respond with logs.");
  }
  return logs;
}

/** Nodes word the refusal of a range in many ways, and some put it into the HTTP status. */
function asksForLess(error: unknown): boolean {
  if (error instanceof RpcRefusal) return !isBusy(error);
  if (!(error instanceof RpcFailure)) return false;
  return error.code === "facilitator_too_large" || error.status === 400 || error.status === 413;
}

/** Said of how often a node is asked, not of the range. */
function isBusy({ code, words }: RpcRefusal): boolean {
  return code === 429 || BUSY.test(words);
}

const BUSY = /\brate\b|ratelimit|too many requests|requests? (?:per|count|limit)|throttl|capacity|compute units|quota/i;
