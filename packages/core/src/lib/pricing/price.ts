import { suggestion } from "../nearest.js";
import type { ComputedPrice } from "../prices.js";
import type { NetworkDefinition, TokenDefinition } from "./definitions.js";
import { formatAmount, isDecimal, parseAtomic, parseDecimal } from "./money.js";
import type { Registry } from "./registry.js";

/** A price in one token of one network. */
export interface TokenAmount {
  readonly token: TokenDefinition;
  readonly atomic: bigint;
}

export type ReadPrice = TokenAmount | { readonly problem: string };

const DOLLARS = /^\$(.*)$/s;
const IN_TOKEN = /^(\S+) (\S+)$/;

/**
 * Reads a price on a network: `"$0.01"`, `"0.01 EURC"`, `{ amount: "10000", asset: "USDC" }`.
 * @param asset the token that dollars are paid in, instead of the network's own
 */
export function readPrice(
  price: ComputedPrice,
  network: NetworkDefinition,
  registry: Registry,
  asset?: string,
): ReadPrice {
  if (typeof price === "string") return readText(price, network, registry, asset);
  if (typeof price !== "object" || price === null || typeof price.asset !== "string") {
    return { problem: `a price is text such as "$0.01" or "0.01 EURC", or { amount, asset }, not ${describe(price)}` };
  }
  const token = registry.token(network, price.asset);
  if (!token) return unknownToken(price.asset, network, registry);
  return positive(parseAtomic(price.amount), token);
}

/** Whether text is a price in form, whatever the token. */
export function isPriceText(text: string): boolean {
  const amount = DOLLARS.exec(text)?.[1] ?? IN_TOKEN.exec(text)?.[1];
  return amount !== undefined && isDecimal(amount);
}

/** `0.01 USDC`: exactly what is asked, for people. */
export function formatPrice({ token, atomic }: TokenAmount): string {
  return `${formatAmount(atomic, token.decimals)} ${token.symbol}`;
}

function readText(price: string, network: NetworkDefinition, registry: Registry, asset: string | undefined): ReadPrice {
  const dollars = DOLLARS.exec(price)?.[1];
  if (dollars !== undefined) {
    const token = asset === undefined ? registry.dollar(network) : registry.token(network, asset);
    if (!token) return asset === undefined ? noDollar(network) : unknownToken(asset, network, registry);
    return positive(parseDecimal(dollars, token.decimals), token);
  }
  const [, amount, symbol] = IN_TOKEN.exec(price) ?? [];
  if (amount === undefined || symbol === undefined) {
    return { problem: `"${price.slice(0, 40)}" is not a price; write "$0.01" or "0.01 EURC"` };
  }
  const token = registry.token(network, symbol);
  return token ? positive(parseDecimal(amount, token.decimals), token) : unknownToken(symbol, network, registry);
}

function positive(amount: ReturnType<typeof parseDecimal>, token: TokenDefinition): ReadPrice {
  if ("problem" in amount) return amount;
  return amount.atomic > 0n
    ? { token, atomic: amount.atomic }
    : { problem: 'the price is zero; write "free" to open a route' };
}

function unknownToken(name: string, network: NetworkDefinition, registry: Registry): { problem: string } {
  const hint = suggestion(name, registry.symbols(network)) || "; register it in `tokens`";
  return { problem: `no token "${name.slice(0, 60)}" is known on ${network.name}${hint}` };
}

function noDollar(network: NetworkDefinition): { problem: string } {
  return { problem: `no dollar token is known on ${network.name}; register one in \`tokens\` with dollar: true` };
}

function describe(value: unknown): string {
  return value === null
    ? "null"
    : typeof value === "object"
      ? "an object"
      : `the ${typeof value} ${String(value).slice(0, 40)}`;
}
