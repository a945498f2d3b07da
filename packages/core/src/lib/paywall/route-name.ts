import { formatPrice } from "../pricing/price.js";
import type { PaywallRequest } from "../seam.js";
import type { RouteTerms } from "./engine.js";
import { pricedMethod } from "./terms.js";

/** What a route may be called by. */
export interface Naming {
  /** The seller's own label. */
  readonly label?: string;
  /** The method of the table's key. */
  readonly method?: string;
  /** The path of the table's key, as it was written there. */
  readonly path?: string;
}

/** @param label the seller's own. @param key the table's, for example `GET /weather`; any other text counts as a label */
export function readNaming(label: string | undefined, key: string): Naming {
  if (label !== undefined) return { label };
  const [, method, path] = /^([A-Z,]+)(?: (\/.*))?$/s.exec(key) ?? [];
  if (method === undefined) return key === "" ? {} : { label: key };
  return { method, ...(path === undefined ? {} : { path }) };
}

/**
 * What buyers and sellers read as the name of a route: its label, else the method with the full pattern of its path. Never a
 * concrete path: names count in metrics, and clients choose paths. `undefined` where the framework tells no pattern.
 */
export function patternName<Raw>({ naming }: RouteTerms<Raw>, request: PaywallRequest<Raw>): string | undefined {
  if (naming.label !== undefined) return naming.label;
  const pattern = patternOf(request, naming.path);
  return pattern === undefined ? undefined : `${naming.method ?? pricedMethod(request)} ${pattern}`;
}

/** The same, with method and price where the framework tells no pattern: `GET (0.01 USDC)`. */
export function routeName<Raw>(route: RouteTerms<Raw>, request: PaywallRequest<Raw>): string {
  const { naming, offers } = route;
  const named = patternName(route, request);
  if (named !== undefined) return named;
  const price = typeof offers === "function" ? "price function" : offers[0] && formatPrice(offers[0].price);
  return `${naming.method ?? pricedMethod(request)} (${price})`;
}

/** A name is worth no failed request. */
function patternOf<Raw>(request: PaywallRequest<Raw>, own: string | undefined): string | undefined {
  try {
    return request.pattern?.(own) ?? own;
  } catch {
    return own;
  }
}
