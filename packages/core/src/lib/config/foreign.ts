import { pageOf } from "../pages.js";

const MOVING = `if you are moving from the official packages, see ${pageOf("migrating.md")}`;

/** Options of the official x402 packages that have no counterpart of nearly the same name here. */
const FOREIGN: Readonly<Record<string, string>> = {
  accepts: "`price`, `network` and `payTo` go on the route itself",
  config: "the members of `config` go on the route itself",
  maxAmountRequired: 'write `price: "$0.01"`',
  resource: "offers name the URL of the request; see `origin`",
  facilitatorUrl: "write `facilitator`",
  syncFacilitatorOnStart: "a start never contacts a facilitator",
  paywallConfig: "the browser page needs no configuration",
};

/** The hint for an option of other packages, or for a route among the options. */
export function foreignOption(key: string): string | undefined {
  if (/^(?:[A-Za-z]+ +)?\//.test(key))
    return `routes belong in \`routes\`: { payTo, network, routes: { ${JSON.stringify(key)}: "$0.01" } }; ${MOVING}`;
  const hint = Object.hasOwn(FOREIGN, key) ? FOREIGN[key] : undefined;
  return hint && `there is no such option; ${hint}; ${MOVING}`;
}

/** Whether this is an engine from `createPaywall`, possibly from another copy of this module. */
export function isEngine(value: unknown): boolean {
  return ["price", "reconcile"].every(
    (name) => typeof (value as Record<string, unknown> | null)?.[name] === "function",
  );
}

/** The message for a value that is not a route. */
export function notRoute(value: unknown): string {
  if (isEngine(value)) return "this is an engine of createPaywall, which comes first: paid(tolls, price)";
  const kind = value === null ? "null" : Array.isArray(value) ? "a list" : `of type ${typeof value}`;
  return `a route is a price such as "$0.01", or its options, such as { price: "$0.01" }; this is ${kind}`;
}

/** The message for a value that is not a configuration. */
export function notConfig(value: unknown): string {
  const wanted =
    "the first argument is a configuration, such as { payTo, network, routes }, or an engine of createPaywall";
  if (typeof value === "string" && /^\s*[$\d]/.test(value) && !value.startsWith("0x"))
    return `${wanted}, and the price comes second: paid(tolls, "$0.01")`;
  if (typeof value === "string") return `${wanted}, not text; ${MOVING}`;
  if (value === undefined) return `${wanted}, not undefined; check for modules that import each other in a circle`;
  return `${wanted}, not ${value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`}`;
}
