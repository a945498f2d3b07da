import type { StoredPayment } from "./record.js";
import type { ListOrder, ListPosition, Reading, StoreQuery } from "./store.js";

/** The time that a list goes by, in Unix milliseconds; nothing where the record has no place in it. */
function listedAt(record: StoredPayment, order: ListOrder): number | undefined {
  if (order === "newest") return record.createdAt;
  return order === "oldest" ? record.updatedAt : record.chargedAt;
}

/** The position of a record in a list that contains it. */
export function positionOf(record: StoredPayment, order: ListOrder): ListPosition {
  return { time: listedAt(record, order) ?? 0, id: record.id };
}

/** Whether a list contains this record, apart from its limit. For stores that filter their records one by one. */
export function isListed({ record, leased }: Reading, query: StoreQuery): boolean {
  const { states, lapsed, order, route, payer, from, to, after } = query;
  const time = listedAt(record, order);
  if (time === undefined || (states && !states.includes(record.state))) return false;
  if ((lapsed && leased) || (route !== undefined && record.route !== route)) return false;
  if (payer !== undefined && record.payer !== payer) return false;
  if ((from !== undefined && time < from) || (to !== undefined && time >= to)) return false;
  return after === undefined || compare(after, { time, id: record.id }, order) < 0;
}

/** Sorts the records of a list. For stores that collect them from several places. */
export function inListOrder(order: ListOrder): (a: Reading, b: Reading) => number {
  return ({ record: a }, { record: b }) => compare(positionOf(a, order), positionOf(b, order), order);
}

/** Negative where `a` comes first. */
function compare(a: ListPosition, b: ListPosition, order: ListOrder): number {
  const ascending = a.time - b.time || (a.id < b.id ? -1 : Number(a.id > b.id));
  return order === "newest" ? -ascending : ascending;
}
