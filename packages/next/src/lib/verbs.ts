import { ConfigError, type ConfigProblem } from "@turnpike/core";
import {
  type AnySource,
  type AnyTable,
  compileTable,
  type PricedRoute,
  type Table,
  tableOf,
} from "@turnpike/core/adapter";
import type { NextRequest } from "next/server.js";

/** The one path of a route file, which Next's file names stand for. */
const PATH = "/";

/** The route that prices a method of a route file; nothing if it is free. */
export type VerbPrices = (verb: string) => PricedRoute<NextRequest> | undefined;

/**
 * Compiles a table of methods alone: `{ GET: "$0.01", POST: "free" }`.
 * @param verbs those that the route file has handlers for
 * @throws ConfigError that lists everything that is wrong with the configuration and the table
 */
export function compileVerbs(
  source: AnySource<NextRequest>,
  routes: AnyTable<NextRequest> | undefined,
  verbs: readonly string[],
): VerbPrices {
  const prices = routes ?? tableOf<NextRequest>(source) ?? {};
  const problems = Object.keys(prices).flatMap((verb): ConfigProblem[] => {
    if (verbs.includes(verb) || verb === "ALL") return [];
    const message = `the route file has no handler for ${verb}; list the methods that it has, for example { GET: "$0.01" }`;
    return [{ code: "route_not_served", path: `routes["${verb}"]`, message }];
  });
  const table = compilePath(source, prices, problems);
  if (table === undefined || problems.length > 0) throw new ConfigError(problems);
  return (verb) => {
    const price = prices[verb === "HEAD" ? "GET" : verb] ?? prices.ALL;
    if (price === undefined || price === "free") return table.route(table.paths, verb);
    return table.engine.price(price, verb);
  };
}

/** The table with the path that it leaves out; nothing if it has problems, which are reported by the keys as written. */
function compilePath(
  source: AnySource<NextRequest>,
  prices: AnyTable<NextRequest>,
  problems: ConfigProblem[],
): Table<NextRequest> | undefined {
  const table = Object.fromEntries(Object.entries(prices).map(([verb, price]) => [`${verb} ${PATH}`, price]));
  try {
    return compileTable(source, table, () => ({ native: PATH, shapes: [[]] }), true, true);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) problems.push({ ...problem, path: problem.path.replace(` ${PATH}"]`, '"]') });
    return undefined;
  }
}
