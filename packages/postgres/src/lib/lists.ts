import {
  type ListPosition,
  PAYMENT_STATES,
  positionOf,
  type Reading,
  type StoredPayment,
  type StoreQuery,
} from "@turnpike/core";
import type { Statement, Value } from "./queries.js";
import { quoteName } from "./schema.js";
import { LOOKED_AT, type Statements, time, writeStatement } from "./statements.js";
import { required, writeName } from "./text.js";

type Row = readonly Value[];
type Ask = (statement: Statement, values: readonly Value[]) => Promise<readonly Row[]>;

const COLUMNS = { newest: "created_at", oldest: "updated_at", charged: "charged_at" } as const;

/**
 * Lists records by statements that look at so many each, so that none takes longer than one may, however rare the records are
 * that are asked for. So no write has to keep up an index for routes or payers.
 */
export function createList(
  ask: Ask,
  { countOf, adopt }: Statements,
  { schema, prepare }: { readonly schema: string; readonly prepare: boolean },
): (query: StoreQuery) => Promise<readonly Reading[]> {
  const statements = new Map<string, Statement>();
  const write = (text: string): Statement => {
    const statement = statements.get(text) ?? writeStatement("list", text, prepare);
    statements.set(text, statement);
    return statement;
  };
  const areFew = async ({ states, order }: StoreQuery) => {
    if (!states || order === "oldest") return false;
    const [row] = await ask(countOf, [states.join(",")]);
    return Number(required(row?.[0])) <= LOOKED_AT;
  };

  return async (query) => {
    const { order, limit, after } = query;
    if (query.states?.length === 0 || limit < 1) return [];
    if (order === "charged" && !after) await ask(adopt, []);
    const few = await areFew(query);
    const found: Reading[] = [];
    let place = after;
    for (;;) {
      const { text, values } = writeList(schema, query, { limit: limit - found.length, few, place });
      let last: StoredPayment | undefined;
      for (const row of await ask(write(text), values)) {
        const [, , wanted, isLast] = row;
        const reading = readReading(row);
        if (wanted === "true") found.push(reading);
        if (isLast === "true") last = reading.record;
      }
      if (found.length >= limit || !last) return found.slice(0, limit);
      place = positionOf(last, order);
    }
  };
}

export function readReading([record, leased]: Row): Reading {
  return { record: JSON.parse(required(record)) as StoredPayment, leased: leased === "true" };
}

interface Step {
  readonly limit: number;
  /** The records in these states are so few that all of them are looked at, wherever they are. */
  readonly few: boolean;
  readonly place: ListPosition | undefined;
}

/** Rows: record, leased, wanted, and whether it is the last one that the statement looked at, with more behind it. */
function writeList(schema: string, query: StoreQuery, step: Step): { text: string; values: readonly string[] } {
  const { states, order, route, payer, lapsed, from, to } = query;
  const column = COLUMNS[order];
  const descending = order === "newest" ? " DESC" : "";
  const values: string[] = [];
  const given = (value: string | number) => `$${values.push(String(value))}::text`;
  const among = (list: string) => `string_to_array(${list}, ',')`;

  const conditions = [
    ...(order === "charged" ? ["charged_at IS NOT NULL"] : []),
    ...(lapsed ? ["leased_until <= clock_timestamp()"] : []),
    ...(from === undefined ? [] : [`${column} >= ${time(given(from))}`]),
    ...(to === undefined ? [] : [`${column} < ${time(given(to))}`]),
    ...(step.place
      ? [
          `(${column}, id) ${descending ? "<" : ">"} (${time(given(step.place.time))}, ${given(writeName(step.place.id))})`,
        ]
      : []),
  ];
  const wanted = [
    ...(route === undefined ? [] : [`route = ${given(writeName(route))}`]),
    ...(payer === undefined ? [] : [`coalesce(payer = ${given(writeName(payer))}, false)`]),
  ];
  const sorted = `ORDER BY ${column}${descending}, id${descending}`;
  const most = wanted.length > 0 || (states && order !== "oldest") ? LOOKED_AT : Math.min(step.limit, LOOKED_AT);
  const first = () => `${sorted} LIMIT ${given(most)}::bigint`;
  const rows = `SELECT id, record, leased_until, state, route, payer, ${column} FROM ${quoteName(schema)}.payments`;
  const where = (more: readonly string[]) => {
    const all = [...conditions, ...more];
    return all.length > 0 ? `WHERE ${all.join(" AND ")}` : "";
  };

  let looked: string;
  if (order === "oldest") {
    // The oldest of each state are at the beginning of its part of the index, however many others there are.
    const each = `SELECT DISTINCT unnest(${among(given((states ?? PAYMENT_STATES).join(",")))}) AS one`;
    looked = `SELECT found.* FROM (${each}) AS wanted CROSS JOIN LATERAL (${rows} ${where(["state = one"])} ${first()}) AS found ${first()}`;
  } else if (states && step.few) {
    looked = `${rows} ${where([`state = ANY (${among(given(states.join(",")))})`])} OFFSET 0`;
  } else {
    if (states) wanted.push(`state = ANY (${among(given(states.join(",")))})`);
    looked = `${rows} ${where([])} ${first()}`;
  }
  const text = `SELECT record::text, (leased_until > clock_timestamp())::text, wanted::text, is_last::text FROM (
      SELECT record, leased_until, ${wanted.join(" AND ") || "true"} AS wanted, ${sortedPlace(sorted)} AS place,
        ${step.few ? "false" : `${sortedPlace(sorted)} = ${given(most)}::bigint`} AS is_last
      FROM (${looked}) AS looked
    ) AS judged WHERE wanted OR is_last ORDER BY place LIMIT ${given(step.limit + 1)}::bigint`;
  return { text, values };
}

const sortedPlace = (sorted: string) => `row_number() OVER (${sorted})`;
