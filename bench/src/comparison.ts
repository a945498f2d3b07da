import type { Load, Loaded } from "../children/load.js";
import { type Child, startChild } from "./children.js";
import { summarise } from "./measure.js";
import { reasonOf } from "./report.js";
import type { Side } from "./seller.js";
import { pathOf } from "./shop.js";

export const FRAMEWORKS = ["express", "hono", "fastify"] as const;
export type Framework = (typeof FRAMEWORKS)[number];

export type Scenario = "free" | "unpaid" | "paid";

/** What one request costs a server, and how many it serves in a second. */
export interface Served {
  /** Microseconds of CPU. */
  readonly cpu: number;
  readonly rate: number;
}

export type Comparison = Partial<Record<Side, Partial<Record<Scenario, Served>>>>;

/** How long a scenario is measured. */
export interface Plan {
  readonly rounds: number;
  /** Seconds of one round. */
  readonly seconds: number;
  /** Requests before the first round, so that the code is compiled; and the seconds that they may take. */
  readonly warmUp: { readonly requests: number; readonly seconds: number };
}

/** What is compared. */
export interface Setting {
  readonly framework: Framework;
  readonly count: number;
  /** Over HTTP; without it, the facilitator is in the server's process. */
  readonly facilitator?: string;
  readonly scenarios: Readonly<Partial<Record<Scenario, Plan>>>;
}

type Seller = Child<{ port: number }>;

const CONNECTIONS = 16;
/** Bounds a round on a machine that is faster than expected. */
const MAX_REQUESTS = 30_000;

/** Bare, ours and the official one beside each other, in turns, so that all meet the same machine. */
export async function compare(setting: Setting, load: Child<unknown>, failures: string[]): Promise<Comparison> {
  const { framework, count, facilitator, scenarios } = setting;
  const sellers = new Map<Side, Seller>();
  const found: Comparison = {};
  const drop = async (side: Side, error: unknown) => {
    failures.push(`${framework}, ${side}, ${count} routes: ${reasonOf(error)}`);
    await sellers.get(side)?.stop();
    sellers.delete(side);
  };
  try {
    for (const side of sidesOf(setting)) {
      try {
        sellers.set(side, await startChild(framework, side, String(count), ...(facilitator ? [facilitator] : [])));
      } catch (error) {
        await drop(side, error);
      }
    }
    for (const [scenario, plan] of Object.entries(scenarios) as [Scenario, Plan][]) {
      const rounds = new Map<Side, Served[]>();
      for (let round = 0; round <= plan.rounds; round++) {
        for (const [side, seller] of sellers) {
          // Nothing is paid for where nothing has a price.
          if (side === "bare" && scenario === "paid") continue;
          try {
            const each = { ...loadOf(side, scenario, count, seller), seconds: plan.seconds, requests: MAX_REQUESTS };
            if (round === 0) await load.ask("load", { ...each, ...plan.warmUp });
            else rounds.set(side, [...(rounds.get(side) ?? []), await serve(seller, load, each)]);
          } catch (error) {
            await drop(side, error);
          }
        }
      }
      for (const [side, served] of rounds) found[side] = { ...found[side], [scenario]: middleOf(served) };
    }
    return found;
  } finally {
    await Promise.all([...sellers.values()].map((seller) => seller.stop()));
  }
}

function sidesOf({ framework, scenarios }: Setting): Side[] {
  const bare: Side[] = scenarios.free || scenarios.unpaid ? ["bare"] : [];
  return framework === "fastify" ? [...bare, "ours"] : [...bare, "ours", "official"];
}

function loadOf(side: Side, scenario: Scenario, count: number, seller: Seller) {
  return {
    port: seller.ready.port,
    path: scenario === "free" ? "/free" : pathOf(Math.floor(count / 2)),
    paid: scenario === "paid",
    status: scenario === "unpaid" && side !== "bare" ? 402 : 200,
    connections: CONNECTIONS,
  };
}

async function serve(seller: Seller, load: Child<unknown>, each: Load): Promise<Served> {
  const before = await seller.ask<number>("cpu");
  const { requests, seconds } = await load.ask<Loaded>("load", each);
  const after = await seller.ask<number>("cpu");
  return { cpu: (after - before) / requests, rate: requests / seconds };
}

function middleOf(served: readonly Served[]): Served {
  const middle = (read: (one: Served) => number) => summarise(served.map(read)).median;
  return { cpu: middle(({ cpu }) => cpu), rate: middle(({ rate }) => rate) };
}
