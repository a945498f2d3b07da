import { payer } from "@turnpike/testing";
import { generatePlan } from "./generate.js";
import { covers, Intention, type Plan, placedRoutes } from "./plan.js";
import { createRandom } from "./random.js";
import { type House, type Listening, listen, type Served } from "./round.js";
import { shrink, type Violation } from "./shrink.js";
import { examples, plainPaths, type RawRequest, spell } from "./spellings.js";

/** What a campaign against one adapter found. */
export interface Tally {
  apps: number;
  /** Apps that the paywall's check, or the start, refuses; they are not asked. */
  refused: number;
  readonly reasons: Record<string, number>;
  requests: number;
  /** Requests that run something priced in the app without a paywall. */
  judged: number;
  unpaid: number;
  /** Plain requests for what is free: how many the guarded app serves as well. */
  free: number;
  freeServed: number;
  bought: number;
  notBought: number;
  readonly violations: Violation[];
  readonly blocked: string[];
  readonly unsold: string[];
}

const PER_APP = 500;
/** Every so many apps something is bought. */
const BUY_EVERY = 20;
const MOST_EXAMPLES = 10;

export async function runCampaign(house: House, seed: number, requests: number): Promise<Tally> {
  const tally: Tally = {
    apps: 0,
    refused: 0,
    reasons: {},
    requests: 0,
    judged: 0,
    unpaid: 0,
    free: 0,
    freeServed: 0,
    bought: 0,
    notBought: 0,
    violations: [],
    blocked: [],
    unsold: [],
  };
  for (let round = 0; tally.requests < requests; round++) {
    const plan = generatePlan((seed + round * 7919) >>> 0, house.framework.abilities);
    const judge = await listen(house, plan, false).catch(() => undefined);
    // The framework itself takes no such app.
    if (!judge) continue;
    try {
      await runRound(house, plan, judge, tally);
    } finally {
      await judge.close();
    }
  }
  return tally;
}

async function runRound(house: House, plan: Plan, judge: Listening, tally: Tally): Promise<void> {
  let guarded: Listening;
  try {
    guarded = await listen(house, plan, true);
  } catch (error) {
    tally.refused++;
    for (const code of codesOf(error)) tally.reasons[code] = (tally.reasons[code] ?? 0) + 1;
    return;
  }
  try {
    tally.apps++;
    await compare(house, plan, judge, guarded, tally);
    await compareFree(plan, judge, guarded, tally);
    if (tally.apps % BUY_EVERY === 1) await buySomething(plan, judge, guarded, tally);
  } finally {
    await guarded.close();
  }
}

function codesOf(error: unknown): string[] {
  const { problems } = error as { readonly problems?: readonly { readonly code: string }[] };
  // An app that fails in another way than by a refusal is a fault of ours.
  return problems ? [...new Set(problems.map(({ code }) => code))] : [`NOT A REFUSAL: ${error}`];
}

const isPriced = (served: readonly Served[] | undefined): boolean => served?.some(({ priced }) => priced) ?? false;

async function compare(house: House, plan: Plan, judge: Listening, guarded: Listening, tally: Tally): Promise<void> {
  const random = createRandom(plan.seed ^ 0x5bd1e995);
  const paths = plainPaths(plan);
  const requests = Array.from({ length: PER_APP }, () => spell(random, paths));
  const [open, closed] = await Promise.all([judge.ask(requests), guarded.ask(requests)]);
  tally.requests += requests.length;
  tally.judged += judge.files;
  for (const [at, request] of requests.entries()) {
    if (isPriced(open[at])) tally.judged++;
    if (!isPriced(closed[at])) continue;
    tally.unpaid++;
    const first = { plan, request, served: closed[at] ?? [] };
    if (tally.violations.length < MOST_EXAMPLES && !tally.violations.some((known) => known.plan.seed === plan.seed)) {
      tally.violations.push(await shrink(house, first));
    }
  }
}

/** Routes without a price are served as before. */
async function compareFree(plan: Plan, judge: Listening, guarded: Listening, tally: Tally): Promise<void> {
  const intention = new Intention(plan);
  const requests: RawRequest[] = [];
  for (const { route, path } of placedRoutes(plan.root)) {
    const method = route.method === "ALL" ? "GET" : route.method;
    if (intention.sellsRoute(route.id, method)) continue;
    for (const example of examples(path)) {
      // Methods that the table leaves out are refused wherever it has a price.
      if (plan.table.some((entry) => covers(entry.path, example))) continue;
      requests.push({ method, target: `/${example.map(encodeURIComponent).join("/")}`, headers: [] });
    }
  }
  const [open, closed] = await Promise.all([judge.ask(requests), guarded.ask(requests)]);
  for (const [at, served] of open.entries()) {
    if (served.length === 0 || isPriced(served)) continue;
    tally.free++;
    if (closed[at]?.[0]?.key === served[0]?.key) tally.freeServed++;
    else if (tally.blocked.length < MOST_EXAMPLES) {
      tally.blocked.push(
        `  BLOCKED ${requests[at]?.method} ${requests[at]?.target} ran ${served[0]?.key}\n    app ${JSON.stringify(plan)}`,
      );
    }
  }
}

/** Whatever a plain GET runs that is priced can be bought. */
async function buySomething(plan: Plan, judge: Listening, guarded: Listening, tally: Tally): Promise<void> {
  const requests = [...new Set(plainPaths(plan))].map((target): RawRequest => ({ method: "GET", target, headers: [] }));
  const open = await judge.ask(requests);
  const at = open.findIndex(isPriced);
  const target = requests[at]?.target;
  if (target === undefined) return;
  const bought = await payer()
    .buy(`http://127.0.0.1:${guarded.port}${target}`)
    .catch((error: unknown) => ({ response: { status: String(error) } }));
  if (bought.response.status === 200) tally.bought++;
  else {
    tally.notBought++;
    if (tally.unsold.length < MOST_EXAMPLES) {
      tally.unsold.push(`  NOT SOLD ${target}: ${bought.response.status}\n    app ${JSON.stringify(plan)}`);
    }
  }
}
