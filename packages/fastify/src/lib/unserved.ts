import type { ConfigProblem } from "@turnpike/core";
import { type PricedPath, suggestion } from "@turnpike/core/adapter";
import type { FastifyRequest } from "fastify";
import { statesPrice } from "./own-price.js";
import { covers, expandPattern, isSection } from "./pattern.js";
import type { PriceTable } from "./price-table.js";
import { type Served, verbsOf } from "./served.js";

type Path = PricedPath<FastifyRequest>;

/** Every entry of a table that no route of the app serves, or whose route serves more than it prices. */
export function findUnserved(table: PriceTable, served: readonly Served[]): ConfigProblem[] {
  const below = new Map<Path, Set<string>>();
  for (const { config } of served) {
    const entries = table.entries(config.url);
    for (const entry of "code" in entries ? [] : entries) {
      below.set(entry, new Set([...(below.get(entry) ?? []), ...verbsOf(config)]));
    }
  }
  return table.paths.flatMap((path) => {
    const have = below.get(path);
    const missing = path.verbs.filter((verb) => !(verb === "ALL" ? have : have?.has(verb)));
    return missing.flatMap((verb) => problemOf(table, path, verb, have, served) ?? []);
  });
}

function problemOf(
  table: PriceTable,
  path: Path,
  verb: string,
  have: ReadonlySet<string> | undefined,
  served: readonly Served[],
): ConfigProblem | undefined {
  const at = `routes["${verb} ${path.pattern}"]`;
  const wider = served.filter(({ config }) => isWider(config.url, path) && serves(config, verb));
  if (wider.length === 0) {
    const message = have
      ? `the app serves this for ${[...have].join(", ")} only`
      : `no route of the app serves this; write the path as in the app, including its prefix${guess(path.pattern, served)}`;
    return { code: "route_not_served", path: at, message };
  }
  // A section of what one handler serves is priced by the path of each request.
  if (isSection(path.native)) return undefined;
  const folder = folderOf(path.native);
  if (folder !== undefined && wider.every(({ config }) => isSection(config.url)) && !isCovered(table, folder, verb)) {
    const message = `a file server serves a file under other names too; price its folder: "${verb} ${folder}"`;
    return { code: "file_has_other_names", path: at, message };
  }
  // A wider entry says what the rest costs, and so does a route's own price.
  const around = table.entries(path.native);
  if (
    "code" in around ||
    table.lists(
      around.filter((entry) => entry !== path),
      verb,
    )
  )
    return undefined;
  const open = wider.find(({ config }) => !statesPrice(config));
  if (!open) return undefined;
  const key = `${verb} ${open.config.url}`;
  return {
    code: "price_too_narrow",
    path: at,
    message: `the route "${open.config.url}" serves more than this; price "${key}", or open the rest with "${key}": "free"`,
  };
}

/** The wildcard for the folder of what looks like a file. */
function folderOf(pattern: string): string | undefined {
  const [, folder] = /^(.*\/)[^/:*]+\.[^/:*]+$/.exec(pattern) ?? [];
  return folder === undefined ? undefined : `${folder}*`;
}

/** Whether a folder has an entry of its own, or costs by a wider one. */
function isCovered(table: PriceTable, folder: string, verb: string): boolean {
  const entries = table.entries(folder);
  if ("code" in entries) return true;
  const own = table.own(folder);
  return (own && table.lists([own], verb)) !== undefined || table.price(entries, verb) !== undefined;
}

function isWider(url: string, { native }: Path): boolean {
  return expandPattern(native).every((narrow) => expandPattern(url).some((wide) => covers(wide, narrow)));
}

function serves(config: Served["config"], verb: string): boolean {
  return verb === "ALL" || verbsOf(config).includes(verb);
}

/** A route of the app that the seller may have meant. */
function guess(pattern: string, served: readonly Served[]): string {
  const urls = served.map(({ config }) => config.url);
  const meant = urls.find((url) => url.endsWith(pattern) || url.startsWith(`${pattern}?`));
  return meant === undefined ? suggestion(pattern, urls) : `; did you mean "${meant}"?`;
}
