import { type ListPosition, PAYMENT_STATES, type StoreQuery } from "@turnpike/core";
import type { Sql, SqlValue } from "./cloudflare.js";

/** Records that one operation looks at, and that it gives at most: an object does one thing at a time. */
const LOOKED_AT = 2_000;
const GIVEN = 1_000;

const COLUMNS = { newest: "created_at", oldest: "updated_at", charged: "charged_at" } as const;

interface Row extends Record<string, SqlValue> {
  readonly id: string;
  readonly time: number;
  readonly leased_until: number;
  /** JSON; nothing if the list does not have it. */
  readonly record: string | null;
}

type Condition = readonly [sql: string, ...values: SqlValue[]];

/** A part of a list: JSON of each `Reading`, and where the list goes on if it may. */
export interface Page {
  readonly readings: readonly string[];
  readonly next?: ListPosition;
}

/** @param now Unix milliseconds, by which leases end */
export function readPage(sql: Sql, query: StoreQuery, now: number): Page {
  const most = Math.min(query.limit, GIVEN);
  const { rows, isMore } = look(sql, query, now);
  const readings: string[] = [];
  for (const { record, leased_until, time, id } of rows) {
    if (record === null) continue;
    readings.push(`{"leased":${leased_until > now},"record":${record}}`);
    if (readings.length === most) return { readings, next: { time, id } };
  }
  const last = rows.at(-1);
  return last && isMore ? { readings, next: { time: last.time, id: last.id } } : { readings };
}

/** The next rows in the order of the list, and whether there may be others behind them. */
function look(sql: Sql, query: StoreQuery, now: number): { readonly rows: readonly Row[]; readonly isMore: boolean } {
  const { order, states, route, payer } = query;
  const column = COLUMNS[order];
  const direction = order === "newest" ? "DESC" : "ASC";
  const conditions = conditionsOf(query, now);
  const wanted: Condition[] = [
    ...(route === undefined ? [] : [["route = ?", route] as const]),
    ...(payer === undefined ? [] : [["payer IS ?", payer] as const]),
  ];
  const filtered = wanted.length > 0 || (states !== undefined && order !== "oldest");
  const most = filtered ? LOOKED_AT : Math.min(query.limit, LOOKED_AT);

  const read = (where: readonly Condition[], shown: readonly Condition[], index = ""): Row[] => {
    const record = `CASE WHEN ${textOf(shown)} THEN record END AS record`;
    return sql
      .exec<Row>(
        `SELECT id, ${column} AS time, leased_until, ${record} FROM records ${index}
        WHERE ${textOf(where)} ORDER BY ${column} ${direction}, id ${direction} LIMIT ?`,
        ...valuesOf(shown),
        ...valuesOf(where),
        most,
      )
      .toArray();
  };

  if (order === "oldest") {
    // The oldest of each state are at the beginning of its part of the index.
    const found = [...new Set(states ?? PAYMENT_STATES)].flatMap((state) =>
      read([["state = ?", state], ...conditions], wanted),
    );
    found.sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : Number(a.id > b.id)));
    return { rows: found.slice(0, most), isMore: found.length >= most };
  }
  if (!states) {
    const rows = read(conditions, wanted);
    return { rows, isMore: rows.length === most };
  }
  const among: Condition = [`state IN (${states.map(() => "?").join(", ")})`, ...states];
  // What is rare is found by its state, wherever it is.
  const few = "SELECT count(*) AS count FROM (SELECT 1 FROM records INDEXED BY records_by_state WHERE";
  const [row] = sql.exec<{ count: number }>(`${few} ${among[0]} LIMIT ?)`, ...states, LOOKED_AT).toArray();
  if ((row?.count ?? 0) < LOOKED_AT) {
    const rows = read([among, ...conditions], wanted, "INDEXED BY records_by_state");
    return { rows, isMore: false };
  }
  const rows = read(conditions, [...wanted, among]);
  return { rows, isMore: rows.length === most };
}

function conditionsOf({ order, lapsed, from, to, after }: StoreQuery, now: number): Condition[] {
  const column = COLUMNS[order];
  const behind = order === "newest" ? "<" : ">";
  return [
    [`${column} IS NOT NULL`],
    ...(lapsed ? [["leased_until <= ?", now] as const] : []),
    ...(from === undefined ? [] : [[`${column} >= ?`, from] as const]),
    ...(to === undefined ? [] : [[`${column} < ?`, to] as const]),
    ...(after ? [[`(${column}, id) ${behind} (?, ?)`, after.time, after.id] as const] : []),
  ];
}

const textOf = (conditions: readonly Condition[]) => conditions.map(([sql]) => sql).join(" AND ") || "TRUE";
const valuesOf = (conditions: readonly Condition[]) => conditions.flatMap(([, ...values]) => values);
