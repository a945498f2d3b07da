import { ConfigError, createPaywall } from "@turnpike/core";
import { Cluster, Redis } from "ioredis";
import { createClient, createClientPool } from "redis";
import { expect, it } from "vitest";
import { type RedisClient, type RedisStoreOptions, redisStore } from "../src/index.js";

/** The paths of what is wrong. */
function problemsOf(client: unknown, options: RedisStoreOptions = {}): string[] {
  try {
    redisStore(client as RedisClient, options);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { code } of error.problems) expect(code).toBe("invalid_option");
    return error.problems.map(({ path }) => path);
  }
}

const offline = () => new Redis({ lazyConnect: true });

it("takes the clients that it knows, and asks nothing of them yet", () => {
  const cluster = new Cluster([{ host: "127.0.0.1", port: 1 }], { lazyConnect: true });
  for (const client of [createClient(), createClientPool(), offline(), cluster]) {
    expect(problemsOf(client)).toEqual([]);
  }
});

it("refuses what is no client, at once", () => {
  const refused = [
    undefined,
    null,
    "redis://127.0.0.1",
    {},
    new Map(),
    () => {},
    offline().pipeline(),
    createClient().multi(),
    createClient().legacy(),
    { sendCommand: () => {}, connected: true },
    { sendCommand: () => {}, isOpen: true, options: { legacyMode: true } },
    { query: () => {}, connect: () => {} },
  ];
  for (const client of refused) expect(problemsOf(client)).toEqual(["redisStore.client"]);
});

it("lists everything that is wrong", () => {
  const wrong = { prefix: "", maxAnswer: -1, answerBytes: 0.5, timeout: 0, replicas: 1.5, allowEviction: 1 };
  expect(problemsOf(offline(), wrong as unknown as RedisStoreOptions).sort()).toEqual([
    "redisStore.allowEviction",
    "redisStore.answerBytes",
    "redisStore.maxAnswer",
    "redisStore.prefix",
    "redisStore.replicas",
    "redisStore.timeout",
  ]);
  for (const prefix of ["a{b", "a}b", "x".repeat(201)]) {
    expect(problemsOf(offline(), { prefix })).toEqual(["redisStore.prefix"]);
  }
});

it("waits for replicas on a client with one connection only", () => {
  const cluster = new Cluster([{ host: "127.0.0.1", port: 1 }], { lazyConnect: true });
  for (const client of [createClientPool(), cluster]) {
    expect(problemsOf(client, { replicas: 1 })).toEqual(["redisStore.replicas"]);
  }
  for (const client of [createClient(), offline()]) expect(problemsOf(client, { replicas: 1 })).toEqual([]);
});

it("is a store that several processes may share", () => {
  const store = redisStore(offline());
  expect(store).toMatchObject({ name: "redis", atomic: true, scope: "shared" });
  const config = { payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia", store } as const;
  expect(() => createPaywall(config)).not.toThrow();
});

it("refuses an option that does not exist: a misspelt prefix would open another ledger", () => {
  const misspelt = { prefx: "shop" } as RedisStoreOptions;
  expect(() => redisStore(offline(), misspelt)).toThrow(
    'redisStore.prefx: there is no such option; did you mean "prefix"?',
  );
});
