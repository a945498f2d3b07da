import type { StoredPayment } from "../ledger/record.js";
import { checkNames, invalid, readSpan, walk } from "./books.js";
import type { Engine } from "./engine.js";

/** What totals can be grouped by, in addition to network and token. */
export type TotalsKey = "day" | "month" | "route" | "payer";

/** Which charges to add up. */
export interface TotalsQuery {
  /** Only what was charged at this time or later: a date, or Unix milliseconds. */
  readonly from?: Date | number;
  /** Only what was charged before this time. */
  readonly to?: Date | number;
  /** @default ["day", "route"] */
  readonly by?: readonly TotalsKey[];
  /** Called now and then with the number of sales added up so far. */
  readonly progress?: (sales: number) => void;
}

/** Sales in one token, and how much of them was refunded. */
export interface SalesTotal {
  /** In UTC, as `2026-11-28`. */
  readonly day?: string;
  /** In UTC, as `2026-11`. */
  readonly month?: string;
  /** The route's label. */
  readonly route?: string;
  readonly payer?: string;
  /** CAIP-2 id. */
  readonly network: string;
  /** Address of the token, spelled as in offers. */
  readonly asset: string;
  /** The token's symbol, if the configuration or the built-in list has the token. */
  readonly token?: string;
  readonly decimals?: number;
  /** Charged payments, including refunded ones. */
  readonly sales: number;
  /** Their sum, in atomic units. */
  readonly amount: string;
  readonly refunds: number;
  /** Atomic units. */
  readonly refunded: string;
}

const KEYS: readonly TotalsKey[] = ["day", "month", "route", "payer"];
/** Sales between two calls of `progress`. */
const STEP = 1_000;
/** Characters of a date that say the day, and the month. */
const DAY = "2026-11-28".length;
const MONTH = "2026-11".length;

interface Sum extends Pick<SalesTotal, TotalsKey | "network" | "asset"> {
  sales: number;
  amount: bigint;
  refunds: number;
  refunded: bigint;
}

/**
 * Adds up what was charged, by the time of the charge. Reads page by page; what it holds grows with the number of totals,
 * not with that of sales.
 * @throws StoreError `invalid_query`
 */
export async function addUpSales(engine: Engine, query: TotalsQuery): Promise<readonly SalesTotal[]> {
  checkNames(query, ["from", "to", "by", "progress"]);
  const by = readKeys(query.by ?? ["day", "route"]);
  const sums = new Map<string, Sum>();
  let seen = 0;
  for await (const record of walk(engine, "charged", readSpan(query))) {
    addSale(sums, by, record);
    if (++seen % STEP === 0) query.progress?.(seen);
  }
  query.progress?.(seen);
  return [...sums.values()].sort(inOrder).map((sum) => finish(engine, sum));
}

function readKeys(by: TotalsQuery["by"]): readonly TotalsKey[] {
  if (!Array.isArray(by) || !by.every((key) => KEYS.includes(key))) {
    throw invalid(`\`by\` must be a list of ${KEYS.join(", ")}`);
  }
  return by;
}

function addSale(sums: Map<string, Sum>, by: readonly TotalsKey[], record: StoredPayment): void {
  const { offer, receipt, state, chargedAt = 0, route, payer = "" } = record;
  const time = new Date(chargedAt).toISOString();
  const parts = { day: time.slice(0, DAY), month: time.slice(0, MONTH), route, payer };
  const { network, asset } = offer;
  const told = Object.fromEntries(by.map((key) => [key, parts[key]]));
  const name = JSON.stringify([...by.map((key) => parts[key]), network, asset]);
  const sum = sums.get(name) ?? { ...told, network, asset, sales: 0, amount: 0n, refunds: 0, refunded: 0n };
  const amount = BigInt(receipt?.amount ?? offer.amount);
  sum.sales++;
  sum.amount += amount;
  if (state === "refunded") {
    sum.refunds++;
    sum.refunded += amount;
  }
  sums.set(name, sum);
}

function finish({ registry }: Engine, sum: Sum): SalesTotal {
  const network = registry.network(sum.network);
  const token = network && registry.token(network, sum.asset);
  const known = token ? { token: token.symbol, decimals: token.decimals } : {};
  const { day, month, route, payer, asset, sales, amount, refunds, refunded } = sum;
  const told = Object.entries({ day, month, route, payer }).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(told),
    ...{ network: sum.network, asset },
    ...known,
    ...{ sales, amount: String(amount), refunds, refunded: String(refunded) },
  };
}

function inOrder(a: Sum, b: Sum): number {
  for (const key of [...KEYS, "network", "asset"] as const) {
    const [one, other] = [a[key] ?? "", b[key] ?? ""];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
