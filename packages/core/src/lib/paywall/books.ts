import { StoreError } from "../errors.js";
import { positionOf } from "../ledger/listing.js";
import {
  PAYMENT_STATES,
  type PaymentRecord,
  type PaymentState,
  publicRecord,
  type StoredPayment,
} from "../ledger/record.js";
import type { ListOrder, ListPosition, StoreQuery } from "../ledger/store.js";
import { suggestion } from "../nearest.js";
import type { Engine } from "./engine.js";
import { countedAs, mayBeTwice, readerOf } from "./one-record.js";

/** Which payments to list. */
export interface PaymentQuery {
  /** @default every state */
  readonly states?: readonly PaymentState[];
  /** Only payments for the route with this label, such as `GET /items/:id`. */
  readonly route?: string;
  /** Only payments of this payer, in any spelling of the address. */
  readonly payer?: string;
  /** Only payments first requested at this time or later: a date, or Unix milliseconds. */
  readonly from?: Date | number;
  /** Only payments first requested before this time. */
  readonly to?: Date | number;
  /** @default 100 */
  readonly limit?: number;
  /** The `next` of an earlier page; the list continues after it. */
  readonly after?: string;
}

/** Payments on record, the newest first. */
export interface PaymentPage {
  readonly payments: readonly PaymentRecord[];
  /** For `after`: where the next page begins. Absent on the last page. */
  readonly next?: string;
}

/** Records that a store is asked for at once, at most; and at least, if those before were not enough. */
const AT_ONCE = 1_000;
const AT_LEAST = 100;

/**
 * One page of records as operators see them: no signature, and no attempt that continues under another name.
 * @throws StoreError `invalid_query`
 */
export async function listPayments(engine: Engine, query: PaymentQuery): Promise<PaymentPage> {
  checkNames(query, ["states", "route", "payer", "from", "to", "limit", "after"]);
  const { states, route, payer, from, to, limit = 100, after } = query;
  const unknown = states?.find((state) => !PAYMENT_STATES.includes(state));
  if (unknown !== undefined) throw invalid(`"${unknown}" is not a state${suggestion(String(unknown), PAYMENT_STATES)}`);
  if (!Number.isInteger(limit) || limit < 1) throw invalid("`limit` must be a whole number, at least 1");
  const payments: PaymentRecord[] = [];
  const wanted = {
    ...(states ? { states } : {}),
    ...(route === undefined ? {} : { route }),
    ...(payer === undefined ? {} : { payer: spell(engine, payer) }),
    ...readSpan({ from, to }),
  };
  const start = after === undefined ? undefined : readCursor(after);
  for await (const record of walk(engine, "newest", wanted, start, limit + 1)) {
    if (payments.length === limit) {
      const last = payments[limit - 1] as PaymentRecord;
      return { payments, next: writeCursor({ time: last.createdAt, id: last.id }) };
    }
    payments.push(publicRecord(record));
  }
  return { payments };
}

/** What a walk through the records looks for. */
export type Wanted = Pick<StoreQuery, "states" | "route" | "payer" | "from" | "to">;

/**
 * Every record in the order of a list, page by page, so that memory holds two pages at most. Of an attempt and the payment
 * that it became, the one that counts.
 * @param first how many records are likely to be read; absent: all of them, so that a page is asked for while the one
 *   before it is read
 */
export async function* walk(
  { ledger }: Engine,
  order: ListOrder,
  wanted: Wanted,
  start?: ListPosition,
  first?: number,
): AsyncGenerator<StoredPayment, void, undefined> {
  const read = readerOf(ledger);
  let left = first ?? AT_ONCE;
  const ask = (after: ListPosition | undefined, least = AT_LEAST) => {
    // One more than a page tells whether there is another.
    const limit = Math.min(Math.max(left, least), AT_ONCE + 1);
    const page = ledger.list({ ...wanted, order, limit, ...(after ? { after } : {}) });
    // It is waited for below, if anything still is.
    page.catch(() => {});
    return { limit, page };
  };
  for (let asked = ask(start, 1); ; ) {
    const found = await asked.page;
    const last = found.at(-1);
    const end = last && found.length >= asked.limit ? positionOf(last.record, order) : undefined;
    if (end && first === undefined) asked = ask(end);
    const together = async (id: string) => found.find(({ record }) => record.id === id)?.record ?? read(id);
    for (const { record } of found) {
      if (mayBeTwice(record) && (await countedAs(together, record)) !== undefined) continue;
      yield record;
      if (first !== undefined) left--;
    }
    if (!end) return;
    if (first !== undefined) asked = ask(end);
  }
}

/**
 * A span of time in Unix milliseconds.
 * @throws StoreError `invalid_query`
 */
export function readSpan(
  span: { readonly [Bound in "from" | "to"]?: Date | number | undefined },
): Pick<StoreQuery, "from" | "to"> {
  const read = (name: "from" | "to") => {
    const given = span[name];
    if (given === undefined) return {};
    const time = given instanceof Date ? given.getTime() : given;
    if (typeof time !== "number" || !Number.isFinite(time)) {
      throw invalid(`\`${name}\` must be a Date or Unix milliseconds`);
    }
    return { [name]: time };
  };
  const found: { from?: number; to?: number } = { ...read("from"), ...read("to") };
  const { from, to } = found;
  if (from !== undefined && to !== undefined && from > to) throw invalid("`from` is after `to`");
  return found;
}

export function invalid(message: string): StoreError {
  return new StoreError("invalid_query", message);
}

/** @throws StoreError `invalid_query` for an option that does not exist, which would be ignored otherwise */
export function checkNames(query: object, known: readonly string[]): void {
  const name = Object.keys(query).find((key) => !known.includes(key));
  if (name !== undefined) throw invalid(`There is no option \`${name}\`${suggestion(name, known)}`);
}

/** As records spell the payer: each kind of network has its own way. */
function spell({ schemes }: Engine, payer: string): string {
  const scheme = schemes.find(({ checkAddress }) => checkAddress(payer) === undefined);
  if (scheme) return scheme.spell(payer);
  throw invalid("`payer` is not the address of an account");
}

function writeCursor({ time, id }: ListPosition): string {
  return `${time.toString(36)}.${encodeURIComponent(id)}`;
}

function readCursor(text: unknown): ListPosition {
  const [, time = "", id = ""] = (typeof text === "string" && /^([0-9a-z]{1,11})\.(.+)$/.exec(text)) || [];
  try {
    if (time !== "") return { time: Number.parseInt(time, 36), id: decodeURIComponent(id) };
  } catch {
    // It was cut short, which the message says as well.
  }
  throw invalid("`after` must be the `next` of an earlier page");
}
