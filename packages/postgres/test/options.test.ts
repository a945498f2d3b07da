import { ConfigError } from "@turnpike/core";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { describe, expect, it } from "vitest";
import { type PostgresClient, type PostgresStoreOptions, postgresSchema, postgresStore } from "../src/index.js";

/** Nothing listens there: a store that is only made asks nobody. */
const nowhere = { host: "127.0.0.1", port: 1 };

function problemsOf(make: () => unknown) {
  try {
    make();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const refuses = (client: unknown, options?: PostgresStoreOptions) =>
  problemsOf(() => postgresStore(client as PostgresClient, options)).map(({ code, path }) => `${code} ${path}`);

describe("what a store is made of", () => {
  it("takes a pool, a client and a sql function, and asks none of them yet", () => {
    for (const client of [new Pool(nowhere), new Client(nowhere), postgres(nowhere)]) {
      const store = postgresStore(client);
      expect(store).toMatchObject({ name: "postgres", atomic: true, scope: "shared" });
    }
  });

  it("refuses whatever is no client of PostgreSQL", () => {
    const mysql = { query: () => {}, execute: () => {}, connect: () => {}, end: () => {} };
    const sqlite = { prepare: () => {}, exec: () => {} };
    const redis = { get: () => {}, set: () => {}, connect: () => {} };
    const alien = [
      undefined,
      null,
      "postgres://127.0.0.1/test",
      5,
      {},
      [],
      () => {},
      mysql,
      sqlite,
      redis,
      Pool,
      postgres,
    ];
    for (const client of alien) expect(refuses(client)).toEqual(["invalid_option postgresStore.client"]);
  });

  it("refuses a sql function inside a transaction", () => {
    const { begin: _, ...inside } = Object.assign(() => {}, { unsafe: () => {}, begin: () => {} });
    expect(refuses(Object.assign(() => {}, inside, { savepoint: () => {} }))).toEqual([
      "invalid_option postgresStore.client",
    ]);
  });

  it("tells every problem at once", () => {
    const options = {
      schema: "a.b",
      prepare: "yes",
      timeout: 0,
      maxAnswer: -1,
      answerBytes: 0.5,
      allowAsyncCommit: 1,
    } as unknown as PostgresStoreOptions;
    expect(refuses({}, options)).toEqual([
      "invalid_option postgresStore.client",
      "invalid_option postgresStore.schema",
      "invalid_option postgresStore.prepare",
      "invalid_option postgresStore.timeout",
      "invalid_option postgresStore.maxAnswer",
      "invalid_option postgresStore.answerBytes",
      "invalid_option postgresStore.allowAsyncCommit",
    ]);
  });

  it("takes names of schemas that need no cunning, and no others", () => {
    for (const schema of ["turnpike", "Shop_2", "_x", "my-shop", "a".repeat(63)]) {
      expect(postgresSchema(schema)).toContain(`CREATE SCHEMA IF NOT EXISTS "${schema}";`);
      expect(refuses(new Pool(nowhere), { schema })).toEqual([]);
    }
    const bad = ["", "a b", 'a"b', "a'b", "a;b", "a.b", "1a", "-a", "pg_x", "ä", "a\u0000", "a\n", "a".repeat(64)];
    for (const schema of bad) {
      expect(problemsOf(() => postgresSchema(schema))).toHaveLength(1);
      expect(refuses(new Pool(nowhere), { schema })).toEqual(["invalid_option postgresStore.schema"]);
    }
  });
});

it("refuses an option that does not exist: a misspelt schema would open another ledger", () => {
  expect(refuses(new Pool(nowhere), { shema: "shop" } as PostgresStoreOptions)).toEqual([
    "unknown_option postgresStore.shema",
  ]);
});
