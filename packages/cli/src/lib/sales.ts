import type { SalesTotal, TotalsKey, TotalsQuery } from "@turnpike/core";
import { csvLine } from "./csv.js";
import { FINE, INTERRUPTED } from "./exit-codes.js";
import type { Io } from "./io.js";
import { inTokens, moneyText, tokenFacts } from "./money.js";
import { withPaywall } from "./open.js";
import { checkForm, type GivenOptions } from "./settings.js";
import { type Column, layOut, widthOf } from "./table.js";
import { json } from "./text.js";
import { isoTime } from "./times.js";

/** What to add up, and how to print it. */
export interface SalesOptions {
  /** Unix milliseconds. */
  readonly from?: number;
  readonly to?: number;
  readonly by?: readonly TotalsKey[];
  readonly wide?: boolean;
  readonly csv?: boolean;
}

export const SALES_KEYS: readonly TotalsKey[] = ["day", "month", "route", "payer"];
const USUAL: readonly TotalsKey[] = ["day", "route"];

/** The operator stopped the command during the addition. */
const STOPPED = Symbol("stopped");

/** Prints sales and refunds by the day of the charge. */
export function sales(
  io: Io,
  options: GivenOptions,
  { from, to, by = USUAL, wide, csv }: SalesOptions,
): Promise<number> {
  checkForm(options, csv);
  return withPaywall(options, io, false, async (paywall, { progress }) => {
    const query: TotalsQuery = {
      by,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      progress: (count) => {
        progress.doing(`${count} sales added up so far`);
        progress.tick();
        if (io.signal?.aborted) throw STOPPED;
      },
    };
    try {
      const totals = (await paywall.totals(query)).map(totalFacts);
      io.out(options.json ? json(totals) : csv ? salesCsv(totals, by) : salesText(totals, { io, by, from, to, wide }));
      return FINE;
    } catch (error) {
      if (error === STOPPED) return INTERRUPTED;
      throw error;
    }
  });
}

type TotalFacts = ReturnType<typeof totalFacts>;

function totalFacts({
  day,
  month,
  route,
  payer,
  network,
  asset,
  sales,
  amount,
  refunds,
  refunded,
  ...known
}: SalesTotal) {
  const { token = known.token, decimals = known.decimals, ...on } = tokenFacts(network, asset);
  const net = String(BigInt(amount) - BigInt(refunded));
  return {
    ...{ day, month, route, payer, ...on, token, decimals },
    sales,
    /** Atomic units, and the same in whole tokens. */
    ...{ amount, money: inTokens(amount, decimals) },
    refunds,
    ...{ refunded, refundedMoney: inTokens(refunded, decimals) },
    /** What is left after refunds. */
    ...{ net, netMoney: inTokens(net, decimals) },
  };
}

const FIGURES = [
  ...["network", "asset", "token", "decimals", "sales", "amount", "money"],
  ...["refunds", "refunded", "refundedMoney", "net", "netMoney"],
] as const satisfies readonly (keyof TotalFacts)[];

function salesCsv(totals: readonly TotalFacts[], by: readonly TotalsKey[]): string {
  const members = [...SALES_KEYS.filter((key) => by.includes(key)), ...FIGURES];
  return csvLine(members) + totals.map((total) => csvLine(members.map((name) => total[name]))).join("");
}

interface Shown extends Pick<SalesOptions, "from" | "to" | "wide"> {
  readonly io: Io;
  readonly by: readonly TotalsKey[];
}

function salesText(
  totals: readonly TotalFacts[],
  { io, by, from, to, wide }: { [K in keyof Shown]: Shown[K] | undefined } & Pick<Shown, "io" | "by">,
): string {
  const span = spanText(from, to);
  if (totals.length === 0) return `No sales${span}.\n`;
  const keys = SALES_KEYS.filter((key) => by.includes(key));
  const columns: Column<TotalFacts>[] = [
    ...keys.map((key) => ({
      heading: key.toUpperCase(),
      cell: (total: TotalFacts) => total[key],
      ...(key === "route" || key === "payer" ? { least: 9 } : {}),
    })),
    { heading: "NETWORK", cell: ({ network, networkName }) => networkName ?? network, least: 9 },
    { heading: "SALES", cell: ({ sales }) => String(sales), right: true },
    { heading: "AMOUNT", cell: (total) => amountText(total.amount, total), right: true },
    { heading: "REFUNDS", cell: ({ refunds }) => String(refunds), right: true, leave: 1 },
    { heading: "REFUNDED", cell: (total) => amountText(total.refunded, total), right: true },
  ];
  const rows = totals.length > 1 ? [...totals, ...sumsOf(totals, keys[0])] : totals;
  const table = layOut(columns, rows, wide ? undefined : widthOf(io));
  return `Sales${span}, in UTC:\n${table.head}${table.rows(rows)}`;
}

/** One more line for each token: its total. */
function sumsOf(totals: readonly TotalFacts[], first: TotalsKey | undefined): TotalFacts[] {
  const sums = new Map<string, TotalFacts>();
  for (const total of totals) {
    const name = JSON.stringify([total.network, total.asset]);
    const sum = sums.get(name);
    const add = (member: "amount" | "refunded" | "net") => String(BigInt(sum?.[member] ?? 0) + BigInt(total[member]));
    sums.set(name, {
      ...total,
      ...{ day: undefined, month: undefined, route: undefined, payer: undefined },
      ...(first ? { [first]: "TOTAL" } : {}),
      ...{ sales: total.sales + (sum?.sales ?? 0), refunds: total.refunds + (sum?.refunds ?? 0) },
      ...{ amount: add("amount"), refunded: add("refunded"), net: add("net") },
    });
  }
  return first ? [...sums.values()] : [];
}

/** Amounts of an unknown token name it by its address: two of them must not look like one. */
function amountText(amount: string, total: TotalFacts): string {
  return total.token === undefined ? `${amount} units of ${total.asset}` : moneyText(amount, total);
}

function spanText(from: number | undefined, to: number | undefined): string {
  if (from === undefined) return to === undefined ? "" : ` before ${isoTime(to)}`;
  return to === undefined ? ` since ${isoTime(from)}` : ` from ${isoTime(from)} to ${isoTime(to)}`;
}
