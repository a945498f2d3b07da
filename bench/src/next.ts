import { startChild } from "./children.js";
import type { Cost, Effort } from "./measure.js";
import { reasonOf, show, showRatio, type Table } from "./report.js";

/** Next.js: route handlers called as Next calls them, since a production build would take longer than all the rest. */
export async function benchNext(quick: boolean, failures: string[]) {
  const effort: Effort = quick
    ? { rounds: 7, round: 15, warmUp: 150, warmUps: 4_000 }
    : { rounds: 11, round: 30, warmUp: 300, warmUps: 5_000 };
  const rows: string[][] = [];
  let figures: Record<string, Record<string, Cost>> = {};
  try {
    const next = await startChild("next");
    try {
      figures = await next.ask("handlers", effort);
      for (const [scenario, { bare, ours, official }] of Object.entries(figures)) {
        const ratios = [showRatio(ours?.median, bare?.median), showRatio(official?.median, ours?.median)];
        rows.push([scenario, show(bare?.median), show(ours?.median), show(official?.median), ...ratios]);
      }
    } finally {
      await next.stop();
    }
  } catch (error) {
    failures.push(`next: ${reasonOf(error)}`);
  }
  const table: Table = {
    title: "Next.js route handlers, facilitator in the process",
    note: "Microseconds of CPU for one request to a handler that is called directly, its answer read to the end.",
    head: ["", "bare", "ours", "official", "ours : bare", "official : ours"],
    rows,
  };
  return { table, figures };
}
