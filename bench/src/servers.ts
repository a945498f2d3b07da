import { BUDGETS } from "./budgets.js";
import { type Child, startChild } from "./children.js";
import { type Comparison, compare, FRAMEWORKS, type Framework, type Plan, type Scenario } from "./comparison.js";
import { benchNext } from "./next.js";
import { type Findings, reasonOf, show, showBudget, showRatio, type Table } from "./report.js";
import type { Side } from "./seller.js";
import { pathOf } from "./shop.js";

type Scenarios = Readonly<Partial<Record<Scenario, Plan>>>;

const brief: Plan = { rounds: 3, seconds: 0.2, warmUp: { requests: 2_000, seconds: 0.6 } };
/** A paid request runs through much code, which takes thousands of requests to be compiled. */
const long: Plan = { rounds: 3, seconds: 0.4, warmUp: { requests: 5_000, seconds: 3.5 } };
const quickBrief: Plan = { rounds: 2, seconds: 0.12, warmUp: { requests: 3_000, seconds: 0.6 } };
const quickLong: Plan = { rounds: 2, seconds: 0.25, warmUp: { requests: 3_000, seconds: 1.5 } };

/** What is measured with how many priced routes. */
const FULL: readonly (readonly [count: number, scenarios: Scenarios])[] = [
  [1, { free: brief, unpaid: brief, paid: long }],
  [100, { free: brief, unpaid: brief }],
  [1_000, { free: brief, unpaid: brief, paid: long }],
];
const QUICK: typeof FULL = [[1_000, { free: quickBrief, unpaid: quickBrief, paid: quickLong }]];

export async function benchServers(quick: boolean): Promise<Findings> {
  const load = await startChild("load");
  const facilitator = await startChild<{ url: string }>("facilitator");
  const failures: string[] = [];
  const figures: Record<string, unknown> = {};
  const rows: string[][] = [];
  const httpRows: string[][] = [];
  try {
    for (const framework of FRAMEWORKS) {
      let bare: number | undefined;
      for (const [count, scenarios] of quick ? QUICK : FULL) {
        const served = await compare({ framework, count, scenarios }, load, failures);
        figures[`${framework} ${count}`] = served;
        bare ??= served.bare?.unpaid?.cpu;
        for (const scenario of Object.keys(scenarios) as Scenario[]) {
          rows.push(serverRow(framework, count, scenario, served));
        }
      }
      if (quick && framework !== "express") continue;
      const setting = {
        framework,
        count: 1,
        facilitator: facilitator.ready.url,
        scenarios: { paid: quick ? quickLong : long },
      };
      const served = await compare(setting, load, failures);
      const calls = await countCalls(framework, facilitator, load, failures);
      figures[`${framework} over HTTP`] = { ...served, calls };
      httpRows.push(httpRow(framework, bare, served, calls));
    }
    httpRows.push(await beforeRow());
    const next = await benchNext(quick, failures);
    return {
      tables: [serverTable(rows), httpTable(httpRows), next.table],
      figures: { ...figures, next: next.figures },
      failures,
    };
  } finally {
    await Promise.all([load.stop(), facilitator.stop()]);
  }
}

const COUNTED = 50;

/** How often one paid request asks the facilitator. */
async function countCalls(
  framework: Framework,
  facilitator: Child<{ url: string }>,
  load: Child<unknown>,
  failures: string[],
): Promise<number | undefined> {
  let seller: Child<{ port: number }> | undefined;
  try {
    seller = await startChild<{ port: number }>(framework, "ours", "1", facilitator.ready.url);
    const each = { port: seller.ready.port, path: pathOf(0), paid: true, status: 200, connections: 1, seconds: 10 };
    // The first request also asks what is supported.
    await load.ask("load", { ...each, requests: 1 });
    await facilitator.ask("calls");
    await load.ask("load", { ...each, requests: COUNTED });
    const calls = await facilitator.ask<Record<string, number>>("calls");
    return Object.values(calls).reduce((sum, one) => sum + one, 0) / COUNTED;
  } catch (error) {
    failures.push(`facilitator calls, ${framework}: ${reasonOf(error)}`);
    return undefined;
  } finally {
    await seller?.stop();
  }
}

function serverRow(framework: string, count: number, scenario: Scenario, served: Comparison): string[] {
  const of = (side: Side) => served[side]?.[side === "bare" && scenario === "paid" ? "unpaid" : scenario];
  const [bare, ours, official] = [of("bare"), of("ours"), of("official")];
  const rate = (one: typeof bare) => (one ? String(Math.round(one.rate)) : "");
  return [
    `${framework}, ${scenario}`,
    String(count),
    show(bare?.cpu),
    show(ours?.cpu),
    show(official?.cpu),
    showRatio(ours?.cpu, bare?.cpu),
    showRatio(official?.cpu, ours?.cpu),
    rate(bare),
    rate(ours),
    rate(official),
  ];
}

function serverTable(rows: string[][]): Table {
  return {
    title: "Servers, facilitator in the process",
    note: "Microseconds of the server's CPU for one request, and requests per second. Bare answers every route for free.",
    head: [
      "",
      "routes",
      "bare",
      "ours",
      "official",
      "ours : bare",
      "official : ours",
      "bare/s",
      "ours/s",
      "official/s",
    ],
    rows,
  };
}

function httpRow(framework: string, bare: number | undefined, served: Comparison, calls: number | undefined): string[] {
  const [ours, official] = [served.ours?.paid?.cpu, served.official?.paid?.cpu];
  const share = ours !== undefined && official !== undefined ? ours / official : undefined;
  return [
    framework,
    show(bare),
    show(ours),
    show(official),
    showRatio(ours, bare),
    showRatio(official, ours),
    showBudget(share, BUDGETS.paidOverHttp, "of the official"),
    show(calls),
    showBudget(calls, BUDGETS.callsAfter, "calls"),
  ];
}

/** Settled before the handler, one call is enough. */
async function beforeRow(): Promise<string[]> {
  const engine = await startChild("engine");
  const calls = await engine.ask<number>("calls").finally(() => engine.stop());
  const budget = showBudget(calls, BUDGETS.callsBefore, "calls");
  return ["engine, settled before", "", "", "", "", "", "", show(calls), budget];
}

function httpTable(rows: string[][]): Table {
  return {
    title: "Servers, facilitator over HTTP in another process: paid",
    note: "Microseconds of the server's CPU for one paid request, and how often it asked the facilitator.",
    head: ["", "bare", "ours", "official", "ours : bare", "official : ours", "budget", "calls", "budget"],
    rows,
  };
}
