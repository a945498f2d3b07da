import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Told } from "./child.js";
import { hosts, type StoreName } from "./hosts.js";

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

export interface Books {
  readonly store: StoreName;
  readonly sales: number;
  readonly bytesPerSale: number;
  readonly steps: readonly Told[];
}

/**
 * Fills a store with sales, then lists, adds up and exports all of them through a paywall.
 * @param onStep told of each step as it ends
 */
export async function keepBooks(store: StoreName, sales: number, onStep: (told: Told) => void): Promise<Books> {
  const host = await hosts[store]();
  const steps: Told[] = [];
  const now = Date.now();
  const heard = (told: Told) => {
    steps.push(told);
    onStep(told);
  };
  try {
    const before = await host.size().catch(() => 0);
    await run(["fill", host.address, String(sales), String(now)], heard);
    const bytesPerSale = Math.round(((await host.size()) - before) / sales);
    await run(["read", host.address, String(sales), String(now)], heard);
    return { store, sales, bytesPerSale, steps };
  } finally {
    await host.close();
  }
}

async function run(args: readonly string[], onStep: (told: Told) => void): Promise<void> {
  const child = spawn(process.execPath, ["--import", TSX, CHILD, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("{")) onStep(JSON.parse(line) as Told);
    else process.stdout.write(`${line}\n`);
  }
  if ((await ended) !== 0) throw new Error(`the step "${args[0]}" failed`);
}
