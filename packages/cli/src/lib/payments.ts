import type { PaymentQuery, PaymentState, Paywall } from "@turnpike/core";
import { csvLine } from "./csv.js";
import { FINE, INTERRUPTED } from "./exit-codes.js";
import type { Io } from "./io.js";
import { moneyText } from "./money.js";
import { withPaywall } from "./open.js";
import { type PaymentFacts, paymentFacts } from "./payment-facts.js";
import { checkForm, type GivenOptions } from "./settings.js";
import { type Column, layOut, type Table, widthOf } from "./table.js";
import { jsonArray, plain } from "./text.js";
import { minuteOf } from "./times.js";

/** Which payments to list, and how. */
export interface ListOptions {
  readonly state?: readonly PaymentState[];
  readonly route?: string;
  readonly payer?: string;
  /** Unix milliseconds. */
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
  readonly all?: boolean;
  readonly wide?: boolean;
  readonly csv?: boolean;
}

const USUAL = 50;
/** Payments read for a hint, and routes in it. */
const LOOKED_AT = 1_000;
const ROUTES = 10;
/** Payments that are in memory at once. */
const PAGE = 500;

/** Prints payments in one of the formats, page by page. */
interface Printer {
  page(found: readonly PaymentFacts[]): string;
  /** @param printed how many there were */
  end(printed: number): string;
}

const COLUMNS: readonly Column<PaymentFacts>[] = [
  { heading: "ID", cell: ({ short }) => short },
  { heading: "STATE", cell: ({ state }) => state },
  { heading: "SINCE", cell: ({ updatedAt }) => minuteOf(Date.parse(updatedAt)), leave: 4 },
  { heading: "AMOUNT", cell: (facts) => moneyText(facts.amount, facts), right: true },
  { heading: "NETWORK", cell: ({ network, networkName }) => networkName ?? network, least: 9, leave: 2 },
  { heading: "ROUTE", cell: ({ route }) => route, least: 9 },
  { heading: "PAYER", cell: ({ payer }) => payer, least: 9 },
  { heading: "REASON", cell: ({ reason }) => reason, least: 12, leave: 3 },
  { heading: "TRANSACTION", cell: ({ transaction }) => transaction, least: 11, leave: 1 },
];

/** Only if the width is unlimited. */
const WIDE: readonly Column<PaymentFacts>[] = [
  ...COLUMNS,
  { heading: "ASSET", cell: ({ asset }) => asset },
  { heading: "FULL ID", cell: ({ id }) => id },
];

/** Lists payments, the newest first, with one page of them in memory at a time. */
export function payments(io: Io, options: GivenOptions, given: ListOptions): Promise<number> {
  const { state, route, payer, from, to, all = false } = given;
  checkForm(options, given.csv);
  const wanted: PaymentQuery = {
    ...(state ? { states: state } : {}),
    ...(route === undefined ? {} : { route }),
    ...(payer === undefined ? {} : { payer }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
  const limit = given.limit ?? (all ? Number.POSITIVE_INFINITY : USUAL);
  return withPaywall(options, io, false, async (paywall, { progress }) => {
    const printer = options.json ? printJson() : given.csv ? printCsv() : printTable(io, given.wide === true);
    let printed = 0;
    for (let after: string | undefined; ; ) {
      const page = { limit: Math.min(PAGE, limit - printed), ...(after === undefined ? {} : { after }) };
      const { payments: found, next } = await paywall.payments({ ...wanted, ...page });
      await io.out(printer.page(found.map(paymentFacts)));
      printed += found.length;
      progress.doing(`${printed} payments so far`);
      progress.tick();
      if (io.signal?.aborted) return INTERRUPTED;
      if (io.unread?.aborted) return FINE;
      after = next;
      if (after === undefined || printed >= limit) break;
    }
    await io.out(printer.end(printed));
    if (printed === 0 && route !== undefined) io.err(`turnpike: ${plain(await routesHint(paywall, route))}\n`);
    return FINE;
  });
}

/** A route spelled differently from the records looks like one without sales. */
async function routesHint(paywall: Paywall, route: string): Promise<string> {
  const { payments: newest } = await paywall.payments({ limit: LOOKED_AT });
  const routes = [...new Set(newest.map((payment) => payment.route))].sort();
  if (routes.length === 0 || routes.includes(route)) return `no payments match the route ${route}`;
  const more = routes.length > ROUTES ? ", …" : "";
  return `there are no payments for ${route}. The newest payments are for: ${routes.slice(0, ROUTES).join(", ")}${more}`;
}

function printJson(): Printer {
  const array = jsonArray();
  return {
    page: (found) => found.map((facts) => array.member(facts)).join(""),
    end: () => array.end(),
  };
}

const CSV = [
  ...["id", "short", "state", "route", "network", "asset", "token", "decimals", "amount", "money"],
  ...["payer", "payTo", "facilitator", "transaction", "reason", "createdAt", "chargedAt", "updatedAt"],
] as const satisfies readonly (keyof PaymentFacts)[];

function printCsv(): Printer {
  const refund = ["refundTransaction", "refundNote"];
  let head = csvLine([...CSV, ...refund]);
  return {
    page: (found) => {
      const lines = found.map((facts) => {
        return csvLine([...CSV.map((name) => facts[name]), facts.refund?.transaction, facts.refund?.note]);
      });
      const text = head + lines.join("");
      head = "";
      return text;
    },
    end: () => "",
  };
}

function printTable(io: Io, wide: boolean): Printer {
  let table: Table<PaymentFacts> | undefined;
  return {
    page: (found) => {
      if (found.length === 0) return "";
      if (table) return table.rows(found);
      // Later rows use the widths of the first page.
      table = wide ? layOut(WIDE, found) : layOut(COLUMNS, found, widthOf(io));
      return table.head + table.rows(found);
    },
    end: (printed) => (printed === 0 ? "No payments.\n" : ""),
  };
}
