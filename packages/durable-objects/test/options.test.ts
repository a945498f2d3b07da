import { ConfigError } from "@turnpike/core";
import { expect, test } from "vitest";
import { type DurableObjectStoreOptions, durableObjectStore, type LedgerNamespace } from "../src/index.js";

const namespace: LedgerNamespace = {
  idFromName: (name) => ({ name }),
  get: () => ({ fetch: () => Promise.reject(new Error("nobody is there")) }),
};

/** Code and path of every problem. */
function problemsOf(given: unknown, options?: DurableObjectStoreOptions): string[] {
  try {
    durableObjectStore(given as LedgerNamespace, options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ code, path }) => `${code} ${path}`);
  }
  return [];
}

test("asks nobody before the first operation, and shares its records", () => {
  const store = durableObjectStore(namespace);
  expect(store).toMatchObject({ name: "durable-objects", atomic: true, scope: "shared" });
});

test("rejects when its object cannot be reached", async () => {
  await expect(durableObjectStore(namespace).read("id")).rejects.toThrow("nobody is there");
});

test("a binding that is missing, or of another kind, is refused at once", () => {
  const refused = ["invalid_option durableObjectStore.namespace"];
  expect(problemsOf(undefined)).toEqual(refused);
  expect(problemsOf(null)).toEqual(refused);
  expect(problemsOf("LEDGER")).toEqual(refused);
  expect(problemsOf({ prepare: () => {}, batch: () => {} })).toEqual(refused);
});

test("a namespace of Workers KV is refused for what it cannot do", () => {
  const method = () => Promise.resolve(null);
  const kv = { get: method, put: method, list: method, delete: method, getWithMetadata: method };
  expect(problemsOf(kv)).toEqual(["store_not_atomic durableObjectStore.namespace"]);
  expect(() => durableObjectStore(kv as never)).toThrow("only eventually consistent, so it cannot claim a payment");
});

test("options of the wrong form are refused, all at once", () => {
  const wrong = { name: "", shards: 0, maxAnswer: 2_000_000, answerBytes: -1, timeout: Number.NaN };
  expect(problemsOf(namespace, wrong)).toEqual([
    "invalid_option durableObjectStore.name",
    "invalid_option durableObjectStore.shards",
    "invalid_option durableObjectStore.maxAnswer",
    "invalid_option durableObjectStore.answerBytes",
    "invalid_option durableObjectStore.timeout",
  ]);
  expect(problemsOf(namespace, { shards: 1.5 })).toEqual(["invalid_option durableObjectStore.shards"]);
  expect(problemsOf(namespace, { name: "shop", shards: 100, maxAnswer: 0, answerBytes: 0, timeout: 1 })).toEqual([]);
});

test("an option that does not exist is refused", () => {
  expect(problemsOf(namespace, { shard: 2 } as DurableObjectStoreOptions)).toEqual([
    "unknown_option durableObjectStore.shard",
  ]);
});
