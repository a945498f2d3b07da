import { PAYMENT_STATES, type Reading, type StoreQuery } from "@turnpike/core";
import type { Connection } from "./file.js";
import type { Leases } from "./leases.js";

interface Found {
  readonly id: string;
  readonly time: number;
  readonly record: string;
}

type Condition = readonly [sql: string, ...values: unknown[]];

const COLUMNS = { newest: "created_at", oldest: "updated_at", charged: "charged_at" } as const;

/** Lists the records of a file. */
export function createLists(connection: Connection, leases: Leases): (query: StoreQuery) => readonly Reading[] {
  const statements = new Map<string, ReturnType<Connection["prepare"]>>();

  const find = (conditions: readonly Condition[], order: StoreQuery["order"], most: number): Found[] => {
    const column = COLUMNS[order];
    const direction = order === "newest" ? "DESC" : "ASC";
    const where = conditions.map(([sql]) => sql).join(" AND ");
    const text = `SELECT id, ${column} AS time, record FROM payments WHERE ${where} ORDER BY ${column} ${direction}, id ${direction} LIMIT ?`;
    const statement = statements.get(text) ?? connection.prepare(text);
    statements.set(text, statement);
    return statement.all([...conditions.flatMap(([, ...values]) => values), most]) as Found[];
  };

  return (query) => {
    const { states, lapsed = false, order, limit } = query;
    // As many as are left when those with a lease are gone.
    const most = Math.min(lapsed ? limit + leases.count() : limit, Number.MAX_SAFE_INTEGER);
    const conditions = conditionsOf(query);
    // Each state by its own index; what is found by another index looks at the states by the way.
    const apart = order !== "charged" && query.payer === undefined && query.route === undefined;
    const wanted = [...new Set(states ?? PAYMENT_STATES)];
    const found = apart
      ? wanted.flatMap((state) => find([["state = ?", state], ...conditions], order, most))
      : find(states ? [...conditions, isOneOf(wanted)] : conditions, order, most);
    if (apart) found.sort((a, b) => (order === "newest" ? compare(b, a) : compare(a, b)));
    const chosen = lapsed ? found.filter(({ id }) => !leases.isHeld(id)) : found;
    return chosen.slice(0, limit).map(({ id, record }) => ({ record: JSON.parse(record), leased: leases.isHeld(id) }));
  };
}

function conditionsOf({ order, route, payer, from, to, after }: StoreQuery): Condition[] {
  const column = COLUMNS[order];
  const behind = order === "newest" ? "<" : ">";
  return [
    [`${column} IS NOT NULL`],
    ...(route === undefined ? [] : [["route = ?", route] as const]),
    ...(payer === undefined ? [] : [["payer = ?", payer] as const]),
    ...(from === undefined ? [] : [[`${column} >= ?`, from] as const]),
    ...(to === undefined ? [] : [[`${column} < ?`, to] as const]),
    ...(after ? [[`(${column}, id) ${behind} (?, ?)`, after.time, after.id] as const] : []),
  ];
}

function isOneOf(states: readonly string[]): Condition {
  return [`state IN (${states.map(() => "?").join(", ")})`, ...states];
}

function compare(a: Found, b: Found): number {
  return a.time - b.time || (a.id < b.id ? -1 : Number(a.id > b.id));
}
