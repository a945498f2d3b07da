import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import { type Chain, type ChainOptions, startChain } from "../src/index.js";
import { argumentsOf, call, createOrder, sign } from "./sign.js";

const started: Chain[] = [];
const parents: ChildProcess[] = [];
afterEach(async () => {
  for (const parent of parents.splice(0)) parent.kill("SIGKILL");
  await Promise.all(started.splice(0).map((chain) => chain.stop()));
});
async function start(options?: ChainOptions): Promise<Chain> {
  const chain = await startChain(options);
  started.push(chain);
  return chain;
}

/** Whether a process runs; one that ended and that nobody has collected yet does not. */
async function runs(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) Z /.test(state);
}

const expectNothingRuns = (...pids: number[]) =>
  vi.waitFor(async () => expect(await Promise.all(pids.map(runs))).toEqual(pids.map(() => false)), 5_000);

test("stop() leaves no process and no listening port, and can be repeated", async () => {
  const chain = await start();
  expect(await runs(chain.pids.node)).toBe(true);
  expect(await runs(chain.pids.supervisor)).toBe(true);
  await chain.stop();
  expect(await runs(chain.pids.node)).toBe(false);
  expect(await runs(chain.pids.supervisor)).toBe(false);
  await expect(fetch(chain.rpcUrl)).rejects.toThrow();
  await chain.stop();
});

test("`await using` stops the chain at the end of its block", async () => {
  let pid: number;
  {
    await using chain = await startChain();
    pid = chain.pids.node;
    expect(await runs(pid)).toBe(true);
  }
  expect(await runs(pid)).toBe(false);
});

test("two chains run at once and know nothing of each other", async () => {
  const [one, two] = await Promise.all([start(), start()]);
  expect(one.rpcUrl).not.toBe(two.rpcUrl);
  const { stranger } = one.accounts;
  await one.mint(stranger.address, 7n);
  expect(await one.balanceOf(stranger.address)).toBe(7n);
  expect(await two.balanceOf(stranger.address)).toBe(0n);
  await one.stop();
  expect(await two.publicClient.getChainId()).toBe(84532);
});

test("a taken port is refused with the reason, and nothing stays behind", async () => {
  const chain = await start();
  const port = Number(new URL(chain.rpcUrl).port);
  await expect(startChain({ port })).rejects.toThrow(/anvil did not start: .*in use/);
  expect(await chain.publicClient.getChainId()).toBe(84532);
});

test.each(["SIGKILL", "SIGTERM"] as const)("the chain ends when its parent dies of %s", async (signal) => {
  const { parent, pids } = await startElsewhere();
  expect(await Promise.all(pids.map(runs))).toEqual([true, true]);
  parent.kill(signal);
  await expectNothingRuns(...pids);
});

test("the node ends when its supervisor is killed", async () => {
  const { pids } = await start();
  process.kill(pids.supervisor, "SIGKILL");
  await expectNothingRuns(pids.node, pids.supervisor);
});

test("a chain that nobody stops does not keep its process alive", async () => {
  const { parent, pids } = await startElsewhere("");
  expect(await once(parent, "exit")).toEqual([0, null]);
  await expectNothingRuns(...pids);
});

test("without automatic mining a transfer waits for a block, and setAutomine(true) brings it", async () => {
  const chain = await start();
  const { payer, seller, facilitator } = chain.accounts;
  const pay = async () => {
    const order = createOrder(chain);
    const args = argumentsOf(order, await sign(chain, payer, "TransferWithAuthorization", order));
    return call(chain, facilitator, "transferWithAuthorization", args);
  };
  const waiting = () => chain.publicClient.getBlockTransactionCount({ blockTag: "pending" });
  await chain.setAutomine(false);
  for (const release of [() => chain.mine(), () => chain.setAutomine(true)]) {
    const before = await chain.balanceOf(seller.address);
    const payment = pay();
    await vi.waitFor(async () => expect(await waiting()).toBe(1), 5_000);
    expect(await chain.balanceOf(seller.address)).toBe(before);
    await release();
    expect((await payment).status).toBe("success");
    expect((await chain.balanceOf(seller.address)) - before).toBe(10_000n);
  }
  await pay();
});

test("mine(n) adds n blocks, and increaseTime lets a signed transfer expire", async () => {
  const chain = await start();
  const { payer, facilitator } = chain.accounts;
  const height = await chain.publicClient.getBlockNumber();
  await chain.mine(5);
  expect(await chain.publicClient.getBlockNumber()).toBe(height + 5n);
  const order = createOrder(chain);
  const args = argumentsOf(order, await sign(chain, payer, "TransferWithAuthorization", order));
  const { timestamp } = await chain.publicClient.getBlock();
  await chain.increaseTime(61);
  expect((await chain.publicClient.getBlock()).timestamp).toBeGreaterThanOrEqual(timestamp + 61n);
  await expect(call(chain, facilitator, "transferWithAuthorization", args)).rejects.toThrow("authorization is expired");
});

test("a burst of blocks does not run ahead of the clock", async () => {
  const chain = await start();
  await chain.mine(300);
  const { timestamp } = await chain.publicClient.getBlock();
  expect(Number(timestamp)).toBeLessThanOrEqual(Date.now() / 1000 + 1);
});

test("blockTime mines in that rhythm, without being asked", async () => {
  const chain = await start({ blockTime: 1 });
  const { payer, facilitator } = chain.accounts;
  const height = await chain.publicClient.getBlockNumber();
  const order = createOrder(chain);
  const args = argumentsOf(order, await sign(chain, payer, "TransferWithAuthorization", order));
  const receipt = await call(chain, facilitator, "transferWithAuthorization", args);
  expect(receipt.status).toBe("success");
  await vi.waitFor(async () => expect(await chain.publicClient.getBlockNumber()).toBeGreaterThan(height + 1n), 5_000);
  // The clock decides how many blocks there are, so that a rhythm of milliseconds would have brought thousands.
  expect(await chain.publicClient.getBlockNumber()).toBeLessThan(height + 10n);
});

/** Starts a chain from another process, which then does `rest`; without it, nothing. */
async function startElsewhere(rest = "setInterval(() => {}, 1000);") {
  const entry = new URL("../src/index.ts", import.meta.url).href;
  const program = `
    const { startChain } = await import(${JSON.stringify(entry)});
    const { pids } = await startChain();
    process.stdout.write(JSON.stringify([pids.node, pids.supervisor]));
    ${rest}
  `;
  const parent = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  });
  parents.push(parent);
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  return { parent, pids: JSON.parse(line.toString()) as number[] };
}
