import type { Framework } from "./build.js";
import type { Mount, Plan, Route } from "./plan.js";

interface Refusal {
  readonly path: string;
}

/** What a seller may do about a refusal: each a smaller app than the one before. The first of them that starts is asked. */
export function* repairs(plan: Plan, refusals: readonly Refusal[], { write }: Framework): Generator<Plan> {
  const below = typeof plan.gate === "object" ? plan.gate.below.length : 0;
  const named = (from: number) =>
    plan.table.filter(({ method, path }) =>
      refusals.some((refusal) => refusal.path === `routes["${method} ${write(path.slice(from))}"]`),
    );
  const blamed = new Set([...named(0), ...named(below)]);
  const table = plan.table.filter((entry) => !blamed.has(entry));
  if (blamed.size > 0 && table.some(({ price }) => price !== "free")) yield { ...plan, table };
  const whole: Plan = { ...plan, gate: below > 0 ? "root" : plan.gate };
  if (below > 0) yield whole;
  const free = (route: Route): Route[] => [{ ...route, paid: false }];
  if (refusals.some(({ path }) => path.startsWith("paid()"))) yield { ...whole, root: change(plan.root, free) };
  if (plan.fallback) yield { ...whole, fallback: undefined };
  const narrow = (route: Route) => (isWide(route) ? [] : [route]);
  yield { ...whole, root: change(plan.root, narrow), fallback: undefined };
  for (const entry of plan.table) {
    if (entry.price !== "free") yield { ...whole, root: change(plan.root, free), table: [entry], fallback: undefined };
  }
}

/** A route that takes the place of others behind it. */
const isWide = ({ path }: Route): boolean => path.some((piece) => typeof piece === "object" && "rest" in piece);

function change(mount: Mount, routes: (route: Route) => Route[]): Mount {
  return { ...mount, routes: mount.routes.flatMap(routes), mounts: mount.mounts.map((inner) => change(inner, routes)) };
}
