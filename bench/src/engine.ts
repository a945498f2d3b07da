import { BUDGETS } from "./budgets.js";
import { type Child, startChild } from "./children.js";
import { benchFree } from "./free.js";
import type { Cost, Effort } from "./measure.js";
import { type Findings, show, showBudget, showRatio, type Table } from "./report.js";

type Costs = Readonly<Record<string, Cost>>;

const LABELS: Readonly<Record<string, string>> = {
  unpaid: "unpaid, fixed price",
  unpaidPage: "unpaid, a browser's page",
  unpaidNewPath: "unpaid, a path never asked before",
  unpaidFunction: "unpaid, price function",
  paid: "paid, settled after, no store",
  paidMemory: "paid, settled after, memory store",
  paidBefore: "paid, settled before, no store",
  refusedShape: "refused: not base64",
  refusedOffer: "refused: an offer we do not make",
  refusedAmount: "refused: signed for too little",
  decode: "  of these: header decoded",
  shape: "  of these: shape checked",
  receipt: "  of these: receipt encoded",
  call: "one verify call over HTTP",
};

const LIMITS: Readonly<Record<string, number>> = {
  unpaid: BUDGETS.unpaid,
  paid: BUDGETS.paid,
  call: BUDGETS.call,
};

export async function benchEngine(quick: boolean): Promise<Findings> {
  const effort: Effort = quick
    ? { rounds: 7, round: 15, warmUp: 150, warmUps: 4_000 }
    : { rounds: 15, round: 30, warmUp: 300, warmUps: 5_000 };
  const children: Child<unknown>[] = [];
  const start = async <Ready>(name: string) => {
    const child = await startChild<Ready>(name);
    children.push(child);
    return child;
  };
  try {
    const engine = await start("engine");
    const official = await start("official-engine");
    const facilitator = await start<{ url: string }>("facilitator");
    const call = { effort, url: facilitator.ready.url };
    // One after the other: two at once would take each other's processor.
    const ours: Costs = { ...(await engine.ask<Costs>("engine", effort)), call: await engine.ask<Cost>("call", call) };
    const theirs: Costs = {
      ...(await official.ask<Costs>("engine", effort)),
      call: await official.ask<Cost>("call", call),
    };
    const free = await benchFree(quick);
    return {
      tables: [engineTable(ours, theirs), free.table],
      figures: { ours, official: theirs, free: free.figures },
      failures: free.failures,
    };
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

function engineTable(ours: Costs, theirs: Costs): Table {
  return {
    title: "Engine",
    note: "Microseconds of CPU for one request: no framework, no chain, a facilitator that answers at once.",
    head: ["", "ours", "middle half", "official", "official : ours", "budget"],
    rows: Object.entries(ours).map(([name, { median, low, high }]) => [
      LABELS[name] ?? name,
      show(median),
      `${show(low)} – ${show(high)}`,
      show(theirs[name]?.median),
      showRatio(theirs[name]?.median, median),
      showBudget(median, LIMITS[name], "µs"),
    ]),
  };
}
