const MOVING = "if you are moving from the official packages, see docs/migrating.md";

/** Options of the official x402 packages that have no counterpart of nearly the same name here. */
const FOREIGN: Readonly<Record<string, string>> = {
  accepts: "`price`, `network` and `payTo` stand on the route itself",
  config: "what `config` holds stands on the route itself",
  maxAmountRequired: 'write `price: "$0.01"`',
  resource: "offers name the URL of the request; see `origin`",
  facilitatorUrl: "write `facilitator`",
  syncFacilitatorOnStart: "a start never contacts a facilitator",
  paywallConfig: "the browser page needs no configuration",
};

/** What to say of an option that other packages have, or of a route that stands beside the options. */
export function foreignOption(key: string): string | undefined {
  if (/^(?:[A-Za-z]+ +)?\//.test(key))
    return `routes stand in \`routes\`: { payTo, network, routes: { ${JSON.stringify(key)}: "$0.01" } }; ${MOVING}`;
  const hint = Object.hasOwn(FOREIGN, key) ? FOREIGN[key] : undefined;
  return hint && `there is no such option; ${hint}; ${MOVING}`;
}

/** What to say of a value that is no configuration. */
export function notConfig(value: unknown): string {
  const wanted =
    "the first argument is a configuration, such as { payTo, network, routes }, or an engine of createPaywall";
  if (typeof value === "string" && /^\s*[$\d]/.test(value) && !value.startsWith("0x"))
    return `${wanted}, and the price comes second: paid(tolls, "$0.01")`;
  if (typeof value === "string") return `${wanted}, not text; ${MOVING}`;
  if (value === undefined) return `${wanted}, not undefined; check for modules that import each other in a circle`;
  return `${wanted}, not ${value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`}`;
}
