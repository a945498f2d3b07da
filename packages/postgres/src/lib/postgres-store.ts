import type { Store, StoredAnswer, StoredPayment } from "@turnpike/core";
import { limited, repeated } from "./attempts.js";
import type { PostgresClient } from "./client.js";
import { createList, readReading } from "./lists.js";
import { type PostgresStoreOptions, readOptions } from "./options.js";
import { createPreparation } from "./preparation.js";
import type { Statement, Value } from "./queries.js";
import { type StatementName, writeStatements } from "./statements.js";
import { createSweeper } from "./sweep.js";
import { readBytes, readName, required, writeBytes, writeJson, writeName } from "./text.js";

type Row = readonly Value[];

/**
 * Payment records in PostgreSQL, shared by every process that uses the database. The client belongs to the app and is
 * never closed here. Every operation is one statement, and rejects with a StoreError.
 * @param client a `Pool` of `pg`, a connected `Client` of `pg` for the store only, or the `sql` function of `postgres`
 * @throws ConfigError
 */
export function postgresStore(client: PostgresClient, options: PostgresStoreOptions = {}): Store {
  const { queries, schema, prepare, timeout, maxAnswer, answerBytes, allowAsyncCommit } = readOptions(client, options);
  const statements = writeStatements(schema, prepare);
  const prepared = createPreparation(queries, { schema, timeout, allowAsyncCommit });

  const ask = (statement: Statement, values: readonly Value[]): Promise<readonly Row[]> =>
    limited(timeout, async (deadline) => {
      await prepared();
      return repeated(deadline, () => queries.query(statement, values, deadline));
    });
  const run = (name: StatementName, values: readonly Value[]) => ask(statements[name], values);
  const sweeper = createSweeper(run, answerBytes);

  const replace = (record: StoredPayment, version: number, lease: number, answer: StoredAnswer | undefined) => {
    const values = [...columns(record, lease), String(version)];
    if (!answer) return run("replace", values);
    const { body, ...head } = answer;
    if (body.byteLength > maxAnswer) return run("replaceWithoutAnswer", values);
    // Before any wait: the body may be in a buffer that its handler uses again.
    const kept = [writeJson(head), writeBytes(body), String(body.byteLength), String(head.expiresAt)];
    return run("replaceWithAnswer", [...values, ...kept]);
  };

  return {
    name: "postgres",
    atomic: true,
    scope: "shared",
    read: async (id) => {
      const [row] = await run("read", [writeName(id)]);
      return row && readReading(row);
    },
    insert: async (record, lease) => {
      const inserted = (await run("insert", columns(record, lease))).length > 0;
      if (inserted) sweeper.inserted();
      return inserted;
    },
    replace: async (record, version, lease, answer) => {
      const replaced = (await replace(record, version, lease, answer)).length > 0;
      if (replaced && answer && answer.body.byteLength <= maxAnswer) sweeper.kept(answer.body.byteLength);
      return replaced;
    },
    renew: async (id, holder, lease) =>
      (await run("renew", [writeName(id), writeName(holder), String(lease)])).length > 0,
    answer: async (id) => {
      const [row] = await run("answer", [writeName(id)]);
      if (!row) return undefined;
      const head = JSON.parse(required(row[0])) as Omit<StoredAnswer, "body">;
      return { ...head, body: readBytes(required(row[1])) };
    },
    link: async (key, id, expiresAt, instead) => {
      const values = [writeName(key), writeName(id), String(expiresAt)];
      const [row] = await run("link", [...values, instead === undefined ? null : writeName(instead)]);
      return readName(required(row?.[0]));
    },
    linked: async (key) => {
      const [row] = await run("linked", [writeName(key)]);
      return row && readName(required(row[0]));
    },
    list: createList(ask, statements, { schema, prepare }),
  };
}

function columns(record: StoredPayment, lease: number): Value[] {
  const { id, version, state, holder, createdAt, updatedAt, expiresAt, route, payer, chargedAt } = record;
  return [
    writeName(id),
    String(version),
    state,
    writeName(holder),
    String(lease),
    String(createdAt),
    String(updatedAt),
    expiresAt === undefined ? null : String(expiresAt),
    writeJson(record),
    writeName(route),
    payer === undefined ? null : writeName(payer),
    chargedAt === undefined ? null : String(chargedAt),
  ];
}
