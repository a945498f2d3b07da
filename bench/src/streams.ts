import { BUDGETS } from "./budgets.js";
import { type Child, startChild } from "./children.js";
import { LONG } from "./long-answers.js";
import { summarise } from "./measure.js";
import { type Findings, reasonOf, show, showBudget, type Table } from "./report.js";

const TIMES = 15;
const MB = 1024 * 1024;

interface Streamed {
  /** Milliseconds to the first byte of a stream. */
  readonly firstByte: number;
  /** MB of resident memory that the long answer took. */
  readonly memory: number;
  /** MB of it in a second. */
  readonly rate: number;
}

/** When a stream's first byte arrives, and what a long answer takes in memory: paid beside bare. */
export async function benchStreams(quick: boolean): Promise<Findings> {
  if (quick) return { tables: [], figures: {}, failures: [] };
  const load = await startChild("load");
  try {
    return await measureStreams(load);
  } finally {
    await load.stop();
  }
}

async function measureStreams(load: Child<unknown>): Promise<Findings> {
  const failures: string[] = [];
  const rows: string[][] = [];
  const figures: Record<string, Record<string, Streamed>> = {};
  for (const framework of ["express", "hono", "fastify"]) {
    try {
      const bare = await stream(framework, "bare", load);
      const ours = await stream(framework, "ours", load);
      figures[framework] = { bare, ours };
      const [wait, memory] = [ours.firstByte - bare.firstByte, ours.memory - bare.memory];
      rows.push([
        framework,
        show(bare.firstByte),
        show(ours.firstByte),
        showBudget(wait, BUDGETS.firstByte, "ms more"),
        show(bare.memory),
        show(ours.memory),
        showBudget(memory, BUDGETS.longAnswer, "MB more"),
        show(bare.rate),
        show(ours.rate),
      ]);
    } catch (error) {
      failures.push(`streams, ${framework}: ${reasonOf(error)}`);
    }
  }
  const table: Table = {
    title: "Streams, paid, facilitator in the process",
    note: `Milliseconds to a stream's first byte; MB of memory that an answer of ${LONG / MB} MB takes, and MB/s of it.`,
    head: ["", "bare ms", "ours ms", "budget", "bare MB", "ours MB", "budget", "bare MB/s", "ours MB/s"],
    rows,
  };
  return { tables: [table], figures, failures };
}

async function stream(framework: string, side: string, load: Child<unknown>): Promise<Streamed> {
  const seller = await startChild<{ port: number }>(framework, side, "1");
  try {
    const request = { port: seller.ready.port, paid: side !== "bare" };
    const waits = await load.ask<number[]>("firstBytes", { ...request, path: "/events", times: TIMES });
    const before = await seller.ask<number>("watch");
    const { bytes, seconds } = await load.ask<{ bytes: number; seconds: number }>("drain", {
      ...request,
      path: "/long",
    });
    const peak = await seller.ask<number>("peak");
    if (bytes !== LONG) throw new Error(`The long answer had ${bytes} bytes`);
    return { firstByte: summarise(waits).median, memory: (peak - before) / MB, rate: LONG / MB / seconds };
  } finally {
    await seller.stop();
  }
}
