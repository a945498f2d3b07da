import { BUDGETS } from "./budgets.js";
import { type Child, startChild } from "./children.js";
import { type Cost, type Effort, summarise } from "./measure.js";
import { reasonOf, show, showBudget, showRatio, type Table } from "./report.js";

const KINDS = ["one path", "ever new paths"];

/** The app alone, with a middleware that does nothing, with ours, with the official one. */
const VARIANTS = ["bare", "empty", "ours", "official"];

/** Fastify has no official package; of Express only the middleware is measured. */
const LACKING: Readonly<Record<string, string>> = { fastify: "official", express: "bare" };

type Costs = Readonly<Record<string, Cost>>;

/** What routing a free request costs beside priced routes. */
export async function benchFree(quick: boolean) {
  const effort: Effort = quick
    ? { rounds: 9, round: 5, warmUp: 50, warmUps: 5_000 }
    : { rounds: 21, round: 6, warmUp: 100, warmUps: 10_000 };
  const rows: string[][] = [];
  const figures: Record<string, Costs> = {};
  const failures: string[] = [];
  for (const framework of ["express", "hono", "fastify"]) {
    for (const count of quick ? [1_000] : [1, 100, 1_000]) {
      try {
        for (const [kind, costs] of await compare(framework, count, effort)) {
          figures[`${framework} ${count} ${kind}`] = costs;
          rows.push(freeRow(framework, count, kind, costs));
        }
      } catch (error) {
        failures.push(`free route, ${framework}, ${count} routes: ${reasonOf(error)}`);
        break;
      }
    }
  }
  const table: Table = {
    title: "A free route beside priced ones",
    note: "Microseconds of CPU, without a socket: the app routes one request (Express: the middleware alone). Budget: ours − empty.",
    head: ["", "routes", "bare", "empty", "ours", "official", "ours − empty", "official : ours", "budget"],
    rows,
  };
  return { table, figures, failures };
}

/** A process for each variant, since apps in one process would share compiled code; their rounds take turns. */
async function compare(framework: string, count: number, effort: Effort): Promise<Map<string, Costs>> {
  const children = new Map<string, Child<unknown>>();
  const costs = new Map<string, Costs>();
  try {
    for (const variant of VARIANTS) {
      if (LACKING[framework] === variant) continue;
      children.set(variant, await startChild("lookup", framework, variant, String(count)));
    }
    for (const kind of KINDS) {
      const rounds = new Map<string, number[]>();
      for (const child of children.values()) await child.ask("warmUp", { kind, effort });
      for (let i = 0; i < effort.rounds; i++) {
        for (const [variant, child] of children) {
          rounds.set(variant, [...(rounds.get(variant) ?? []), await child.ask<number>("round")]);
        }
      }
      costs.set(kind, Object.fromEntries([...rounds].map(([variant, all]) => [variant, summarise(all)])));
    }
    return costs;
  } finally {
    await Promise.all([...children.values()].map((child) => child.stop()));
  }
}

function freeRow(framework: string, count: number, kind: string, { bare, empty, ours, official }: Costs): string[] {
  const added = (ours?.median ?? Number.NaN) - (empty?.median ?? Number.NaN);
  return [
    `${framework}, ${kind}`,
    String(count),
    show(bare?.median),
    show(empty?.median),
    show(ours?.median),
    show(official?.median),
    show(added),
    showRatio(official?.median, ours?.median),
    kind === KINDS[0] && count === 1_000 ? showBudget(added, BUDGETS.free, "µs") : "",
  ];
}
