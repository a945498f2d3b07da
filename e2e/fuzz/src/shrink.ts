import type { Mount, Plan, Route } from "./plan.js";
import { type House, listen, type Served } from "./round.js";
import { type RawRequest, show } from "./spellings.js";

export interface Violation {
  readonly plan: Plan;
  readonly request: RawRequest;
  readonly served: readonly Served[];
}

/** How many smaller apps are tried. */
const MOST_TRIES = 80;

/** Takes away whatever the fault does not need. The same fault must be there with a single request on a fresh app. */
export async function shrink(house: House, first: Violation): Promise<Violation> {
  let best = first;
  let tries = 0;
  const retry = async (plan: Plan, request: RawRequest): Promise<boolean> => {
    if (tries++ > MOST_TRIES) return false;
    const served = await askOnce(house, plan, request).catch(() => []);
    if (!served.some(({ priced }) => priced)) return false;
    best = { plan, request, served };
    return true;
  };
  await retry(best.plan, { ...best.request, headers: [] });
  if (best.request.method !== "GET") await retry(best.plan, { ...best.request, method: "GET" });
  for (let smaller = true; smaller; ) {
    smaller = false;
    for (const plan of smallerPlans(best.plan)) {
      if (await retry(plan, best.request)) {
        smaller = true;
        break;
      }
    }
  }
  return best;
}

async function askOnce(house: House, plan: Plan, request: RawRequest): Promise<readonly Served[]> {
  const app = await listen(house, plan, true);
  try {
    return (await app.ask([request]))[0] ?? [];
  } finally {
    await app.close();
  }
}

function* smallerPlans(plan: Plan): Generator<Plan> {
  if (plan.fallback) yield { ...plan, fallback: undefined };
  if (plan.rewrites) yield { ...plan, rewrites: false };
  for (const root of smallerMounts(plan.root)) yield { ...plan, root };
  for (const entry of plan.table) {
    if (plan.table.length > 1) yield { ...plan, table: plan.table.filter((other) => other !== entry) };
  }
  for (const name of Object.keys(plan.settings) as (keyof Plan["settings"])[]) {
    if (plan.settings[name]) yield { ...plan, settings: { ...plan.settings, [name]: false } };
  }
}

function* smallerMounts(mount: Mount): Generator<Mount> {
  for (const inner of mount.mounts) yield { ...mount, mounts: without(mount.mounts, inner) };
  for (const route of mount.routes) yield { ...mount, routes: without<Route>(mount.routes, route) };
  for (const inner of mount.mounts) {
    for (const smaller of smallerMounts(inner)) {
      yield { ...mount, mounts: mount.mounts.map((other) => (other === inner ? smaller : other)) };
    }
  }
}

const without = <T>(all: readonly T[], one: T): T[] => all.filter((other) => other !== one);

/** The app and the request, as somebody needs them who sets it right. */
export function tellViolation({ plan, request, served }: Violation): string {
  return [
    `  UNPAID ${show(request)}`,
    `    ran ${served.map(({ key }) => key).join(", ")}`,
    `    app ${JSON.stringify(plan)}`,
  ].join("\n");
}
