import { payer } from "@turnpike/testing";
import { generatePlan } from "./generate.js";
import { covers, Intention, type Path, type Plan, placedRoutes } from "./plan.js";
import { createRandom } from "./random.js";
import { repairs } from "./repair.js";
import { type House, type Listening, listen, type Served } from "./round.js";
import { shrink, type Violation } from "./shrink.js";
import { examples, plainPaths, type RawRequest, spell } from "./spellings.js";

/** What a campaign against one adapter found. */
export interface Tally {
  apps: number;
  /** Apps that the paywall's check, or the start, refuses; a smaller one is asked in their place. */
  refused: number;
  /** Those of which no smaller one is taken either. */
  dropped: number;
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
/** How many things are bought of each app. */
const BOUGHT = 3;
const MOST_EXAMPLES = 10;

export async function runCampaign(house: House, seed: number, requests: number): Promise<Tally> {
  const tally: Tally = {
    apps: 0,
    refused: 0,
    dropped: 0,
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
    const refusals = await runRound(house, plan, tally);
    if (!refusals) continue;
    tally.refused++;
    for (const code of new Set(refusals.map(({ code }) => code))) tally.reasons[code] = (tally.reasons[code] ?? 0) + 1;
    if (!(await runRepaired(house, plan, refusals, tally))) tally.dropped++;
  }
  return tally;
}

interface Refusal {
  readonly code: string;
  readonly path: string;
}

async function runRepaired(house: House, plan: Plan, refusals: readonly Refusal[], tally: Tally): Promise<boolean> {
  for (const smaller of repairs(plan, refusals, house.framework))
    if (!(await runRound(house, smaller, tally))) return true;
  return false;
}

/** Gives what the paywall has against the app; nothing where it was asked, or where the framework itself takes no such app. */
async function runRound(house: House, plan: Plan, tally: Tally): Promise<readonly Refusal[] | undefined> {
  const judge = await listen(house, plan, false).catch(() => undefined);
  if (!judge) return undefined;
  let guarded: Listening | undefined;
  try {
    guarded = await listen(house, plan, true);
    tally.apps++;
    await compare(house, plan, judge, guarded, tally);
    await compareFree(plan, judge, guarded, tally);
    await buySome(plan, judge, guarded, tally);
    return undefined;
  } catch (error) {
    if (guarded) throw error;
    return refusalsOf(error);
  } finally {
    await guarded?.close();
    await judge.close();
  }
}

function refusalsOf(error: unknown): readonly Refusal[] {
  const { problems } = error as { readonly problems?: readonly Refusal[] };
  // An app that fails in another way than by a refusal is a fault of ours.
  return problems ?? [{ code: `NOT A REFUSAL: ${error}`, path: "" }];
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
      // Methods that the table leaves out are refused wherever it has a price, in any letter case.
      if (plan.table.some((entry) => isNear(entry.path, example))) continue;
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

/** Whether the price is for this path, in any letter case. */
function isThere(pattern: Path, path: readonly string[]): boolean {
  const lower = pattern.map((piece) => (typeof piece === "string" ? piece.toLowerCase() : piece));
  return covers(
    lower,
    path.map((piece) => piece.toLowerCase()),
  );
}

/** Whether the price may be meant for this path: routers differ about a slash at the end. */
function isNear(pattern: Path, path: readonly string[]): boolean {
  return isThere(pattern, path) || isThere(pattern, [...path, "x"]);
}

/** Whether the table has a price there, and none for `GET`: that is refused, whatever the route itself costs. */
function isUnlisted({ table }: Plan, target: string): boolean {
  const path = target.slice(1).split("/").map(decodeURIComponent);
  const exact = table.filter((entry) => isThere(entry.path, path));
  const near = exact.length > 0 ? exact : table.filter((entry) => isNear(entry.path, path));
  return near.length > 0 && near.every(({ method }) => method !== "GET" && method !== "ALL");
}

/** Whatever a plain GET runs that is priced can be bought. */
async function buySome(plan: Plan, judge: Listening, guarded: Listening, tally: Tally): Promise<void> {
  const requests = [...new Set(plainPaths(plan))].map((target): RawRequest => ({ method: "GET", target, headers: [] }));
  const open = await judge.ask(requests);
  const priced = requests.filter((_, at) => isPriced(open[at]));
  const targets = priced.map(({ target }) => target).filter((target) => !isUnlisted(plan, target));
  for (const target of targets.slice(0, BOUGHT)) {
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
}
