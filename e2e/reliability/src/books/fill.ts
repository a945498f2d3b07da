import { runSql } from "../../../../packages/durable-objects/test/support/bridge.js";
import { openStore } from "../store.js";
import { openBridge, workerdAt } from "./hosts.js";
import { saleOf } from "./sales.js";

/** Sales that are written at once. */
const AT_ONCE = 256;

/**
 * Writes sales, as fast as each store takes them: a sale of its own takes a write to the disk, and a million of these hours.
 * @param now Unix milliseconds of the last sale
 */
export async function fill(address: string, sales: number, now: number): Promise<void> {
  const { protocol } = new URL(address);
  // The first one is the store's own, and with it the tables.
  const store = protocol === "http:" ? openBridge(address) : await openStore(address);
  await store.insert(saleOf(0, sales, now), 0);
  await (store as { close?(): Promise<void> }).close?.();
  if (protocol === "file:") return fillFile(address.slice("file:".length), sales, now);
  if (protocol === "postgres:") return fillTables(new URL(address), sales, now);
  if (protocol === "http:") return fillObject(address, sales, now);
  let next = 1;
  const write = async () => {
    while (next < sales) await store.insert(saleOf(next++, sales, now), 0);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, write));
}

const COLUMNS =
  "id, version, state, holder, created_at, updated_at, expires_at, route, payer, charged_at, record".split(", ");

function rowOf(i: number, sales: number, now: number): (string | number | null)[] {
  const record = saleOf(i, sales, now);
  const { id, version, state, holder, createdAt, updatedAt, expiresAt = null, route } = record;
  const { payer = null, chargedAt = null } = record;
  const found = [id, version, state, holder, createdAt, updatedAt, expiresAt, route, payer, chargedAt];
  return [...found, JSON.stringify(record)];
}

async function fillFile(path: string, sales: number, now: number): Promise<void> {
  const { default: Driver } = await import("libsql");
  const database = new Driver(path);
  const insert = database.prepare(
    `INSERT INTO payments (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})`,
  );
  database.exec("BEGIN");
  for (let i = 1; i < sales; i++) insert.run(rowOf(i, sales, now));
  database.exec("COMMIT");
  database.close();
}

/** One list of values for each column, which PostgreSQL makes rows of. */
async function fillTables(url: URL, sales: number, now: number): Promise<void> {
  const { default: pg } = await import("pg");
  const schema = url.searchParams.get("room") ?? "";
  url.search = "";
  const client = new pg.Client({ connectionString: url.href, options: "-c synchronous_commit=off" });
  await client.connect();
  const time = (name: string) => `to_timestamp(${name} / 1000)`;
  const types: Readonly<Record<string, string>> = {
    version: "bigint",
    ...Object.fromEntries(COLUMNS.filter((name) => name.endsWith("_at")).map((name) => [name, "double precision"])),
  };
  const lists = COLUMNS.map((name, i) => `$${i + 1}::${types[name] ?? "text"}[]`);
  const text = `INSERT INTO "${schema}".payments (${COLUMNS.join(", ")}, leased_until, noted)
    SELECT id, version, state, holder, ${time("created_at")}, ${time("updated_at")}, ${time("expires_at")}, route, payer,
      ${time("charged_at")}, record::json, '-infinity', version FROM unnest(${lists.join(", ")}) AS sale (${COLUMNS.join(", ")})`;
  for (let i = 1; i < sales; i += 1_000) {
    const rows = Array.from({ length: Math.min(1_000, sales - i) }, (_, j) => rowOf(i + j, sales, now));
    await client.query({ name: "fill", text, values: COLUMNS.map((_, column) => rows.map((row) => row[column])) });
  }
  await client.end();
}

/** Rows of one statement, which an object takes up to 100 KB of. */
const ROWS = 50;

async function fillObject(address: string, sales: number, now: number): Promise<void> {
  const literal = (value: string | number | null) =>
    typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value ?? "NULL");
  for (let i = 1; i < sales; i += ROWS) {
    const rows = Array.from({ length: Math.min(ROWS, sales - i) }, (_, j) => rowOf(i + j, sales, now));
    const values = rows.map((row) => `(${row.map(literal).join(",")},0)`).join(",");
    const text = `INSERT INTO records (${COLUMNS.join(",")}, leased_until) VALUES ${values}`;
    await runSql(workerdAt(address), "books/0", text);
  }
}
