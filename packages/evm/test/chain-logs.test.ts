import { type Block, createRpc, type Rpc } from "@turnpike/core/chain";
import { expect, onTestFinished, test } from "vitest";
import { createPace, findBlockBefore, searchLogs } from "../../core/src/lib/chain/logs.js";
import { startUnreliableNode, type UnreliableNode } from "./support/unreliable-node.js";

/** A chain of fifty million blocks, two seconds apart, that stood still for a day in the middle of its life. */
const HEAD = 50_000_000n;
const STOOD_STILL = 49_900_000n;
const DAY = 86_400n;
const timeOf = (block: bigint) => 1_700_000_000n + 2n * block + (block >= STOOD_STILL ? DAY : 0n);
const head: Block = { number: HEAD, hash: "0x", time: timeOf(HEAD) };
const filter = { address: "0x", topics: [] } as const;

interface Range {
  readonly fromBlock: string;
  readonly toBlock: string;
}

/** A node of that chain, with logs in some of its blocks, that takes ranges of so many blocks at once. */
async function openNode({ logs = [], takes = HEAD }: { logs?: readonly bigint[]; takes?: bigint } = {}) {
  const node = await startUnreliableNode("");
  onTestFinished(() => node[Symbol.asyncDispose]());
  node.treat = (method, [asked]) => {
    if (method === "eth_getBlockByNumber") return answer(blockOf(BigInt(asked as string)));
    const { fromBlock, toBlock } = asked as Range;
    const [from, to] = [BigInt(fromBlock), BigInt(toBlock)];
    if (to - from >= takes) return { answer: { error: { code: -32005, message: "block range limit exceeded" } } };
    return answer(logs.filter((block) => block >= from && block <= to).map(String));
  };
  return { node, rpc: createRpc(node.rpcUrl, 5000) };
}

const answer = (result: unknown) => ({ answer: { result } });
const hex = (number: bigint) => `0x${number.toString(16)}`;
const wordOf = (number: bigint) => `0x${number.toString(16).padStart(64, "0")}`;
const blockOf = (number: bigint) => ({ number: hex(number), hash: wordOf(number), timestamp: hex(timeOf(number)) });
const asked = (node: UnreliableNode, method: string) => node.seen.filter((one) => one === method).length;
const rangesOf = (node: UnreliableNode) =>
  (node.paramsOf("eth_getLogs") as Range[]).map(({ fromBlock, toBlock }) => [BigInt(fromBlock), BigInt(toBlock)]);
/** Finds the first log of a block. */
const search = (rpc: Rpc, first: bigint, last: bigint, pace = createPace()) =>
  searchLogs(rpc, filter, { first, last }, pace, async (logs) => logs[0]);

test.each<[string, bigint]>([
  ["a minute", HEAD - 30n],
  ["an hour", HEAD - 1800n],
  ["a day", HEAD - 43_200n],
  ["a standstill", STOOD_STILL],
  ["a year", HEAD - 15_768_000n],
  ["all of the chain's life", 1n],
])("the block of %s ago is found within 2000 blocks, with few questions", async (_, block) => {
  const { node, rpc } = await openNode();
  const found = (await findBlockBefore(rpc, head, timeOf(block))) as bigint;
  expect(found).toBeLessThanOrEqual(block);
  expect(block - found).toBeLessThanOrEqual(2000n);
  expect(asked(node, "eth_getBlockByNumber")).toBeLessThan(30);
});

test("a time ahead of the chain's is that of its newest 2000 blocks, and one before the chain that of its first", async () => {
  const { rpc } = await openNode();
  expect(await findBlockBefore(rpc, head, head.time + DAY)).toBe(HEAD - 2000n);
  expect(await findBlockBefore(rpc, head, 5n)).toBe(0n);
  expect(await findBlockBefore(rpc, { ...head, number: 9n }, 5n)).toBe(0n);
});

test("a node without blocks that old cannot tell the block of a time", async () => {
  const { node, rpc } = await openNode();
  node.treat = () => answer(null);
  expect(await findBlockBefore(rpc, head, timeOf(HEAD - DAY))).toBeUndefined();
});

test("a search covers every block once, in ranges of at most 2000, and ends at the first find", async () => {
  const { node, rpc } = await openNode({ logs: [7000n, 9000n] });
  expect(await search(rpc, 1000n, 5500n)).toEqual({ found: undefined, whole: true });
  expect(rangesOf(node)).toEqual([
    [1000n, 2999n],
    [3000n, 4999n],
    [5000n, 5500n],
  ]);
  expect(await search(rpc, 6000n, 50_000n)).toEqual({ found: "7000", whole: false });
  expect(rangesOf(node)).toHaveLength(4);
});

test.each([[1000n], [31n], [10n], [1n]])(
  "a node that takes %s blocks at once is asked for no more in the end",
  async (takes) => {
    const { node, rpc } = await openNode({ logs: [5n + 3n * takes], takes });
    const pace = createPace();
    expect(await search(rpc, 5n, 4000n, pace)).toMatchObject({ found: String(5n + 3n * takes) });
    const before = asked(node, "eth_getLogs");
    expect(await search(rpc, 5n, 4000n, pace)).toMatchObject({ found: String(5n + 3n * takes) });
    const later = rangesOf(node).slice(before);
    expect(later.every(([from = 0n, to = 0n]) => to - from < takes)).toBe(true);
  },
);

test("a refused range costs one request each time it shrinks", async () => {
  const { node, rpc } = await openNode({ logs: [0n], takes: 10n });
  await search(rpc, 0n, 4000n);
  expect(rangesOf(node).map(([from = 0n, to = 0n]) => to - from + 1n)).toEqual([2000n, 500n, 125n, 31n, 7n]);
});

test("a node that refused for another reason is asked for more again", async () => {
  const { node, rpc } = await openNode({ takes: 500n });
  const pace = createPace();
  await search(rpc, 0n, 400n, pace);
  await search(rpc, 0n, 1999n, pace);
  node.treat = () => answer([]);
  await search(rpc, 0n, 1999n, pace);
  const before = asked(node, "eth_getLogs");
  await search(rpc, 0n, 1999n, pace);
  expect(rangesOf(node).slice(before)).toEqual([[0n, 1999n]]);
});

test("a search has an end: 200,000 blocks", async () => {
  const { node, rpc } = await openNode({ logs: [250_000n] });
  expect(await search(rpc, 0n, 300_000n)).toEqual({ found: undefined, whole: false });
  expect(asked(node, "eth_getLogs")).toBe(100);
});

test("a node that refuses logs altogether makes the search reject", async () => {
  const { rpc } = await openNode({ takes: 0n });
  await expect(search(rpc, 0n, 10n)).rejects.toMatchObject({ code: -32005 });
});
