import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryStore, type Store } from "@turnpike/core";
import { paywall } from "@turnpike/express";
import { postgresStore } from "@turnpike/postgres";
import { redisStore } from "@turnpike/redis";
import { faults, payer, readReceipt, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import express from "express";
import { Pool } from "pg";
import { createClient } from "redis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** What a sale costs while its store is late: no charge without its response, and none twice (G63). */

type Settle = "after" | "before";
const buyer = payer();
let facilitator: TestFacilitator;
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  facilitator = await startFacilitator();
  ends.push(() => facilitator.close());
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** An app over a store, and how often its handler ran. */
async function sell(store: Store, settle: Settle) {
  let runs = 0;
  const app = express();
  const prices = { "GET /paid": { price: "$0.01", settle } } as const;
  app.use(paywall({ payTo: SELLER, network: "base-sepolia", facilitator: facilitator.url, store, routes: prices }));
  app.get("/paid", (_, res) => {
    runs++;
    res.json({ paid: true });
  });
  const server: Server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/paid`, runs: () => runs };
}
const SELLER = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

/** Buys while the store stands still from the moment at which the settlement is asked for. */
async function buyWhile(store: Store, settle: Settle, stall: () => Promise<unknown>) {
  const shop = await sell(store, settle);
  let stalled: Promise<unknown> | undefined;
  facilitator.respond("settle", async (call) => {
    stalled = stall();
    await faults.ok()(call);
  });
  const { response, header } = await buyer.buy(shop.url);
  const body = await response.json();
  await stalled;
  return { shop, response, header, body };
}

async function expectSold(store: Store, settle: Settle, stall: () => Promise<unknown>): Promise<void> {
  const { shop, response, header, body } = await buyWhile(store, settle, stall);
  expect([response.status, body]).toEqual([200, { paid: true }]);
  expect(readReceipt(response)).toMatchObject({ success: true });
  const states = async () =>
    (await store.list({ order: "newest", limit: 10 }))
      .filter(({ record }) => record.reason !== "moved")
      .map(({ record }) => record.state);
  await expect.poll(states).toEqual(["delivered"]);
  const again = await fetch(shop.url, { headers: { "payment-signature": header } });
  expect(again.status).toBe(200);
  expect(shop.runs()).toBe(1);
  expect(facilitator.charges).toHaveLength(1);
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("a Redis that takes no writes for a moment just as a charge is to be written down", () => {
  async function open(): Promise<{ store: Store; stall(): Promise<unknown> }> {
    const directory = await mkdtemp(join(tmpdir(), "turnpike-late-"));
    const port = await freePort();
    const args = ["--bind", "127.0.0.1", "--port", `${port}`, "--dir", directory, "--save", ""];
    const server = spawn("redis-server", args, { stdio: "ignore" });
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    const admin = client.duplicate();
    for (const one of [client, admin]) one.on("error", () => {});
    await Promise.all([client.connect(), admin.connect()]);
    ends.push(async () => {
      client.destroy();
      admin.destroy();
      server.kill("SIGKILL");
      await once(server, "exit");
      await rm(directory, { recursive: true, force: true });
    });
    return {
      store: redisStore(client, { prefix: "late", timeout: 500 }),
      stall: async () => {
        await admin.sendCommand(["CLIENT", "PAUSE", "1500", "WRITE"]);
        await pause(1_500);
      },
    };
  }

  test("the response goes out with its receipt, once, and the record follows", async () => {
    const { store, stall } = await open();
    await expectSold(store, "after", stall);
  });

  test("the handler runs once where the settlement comes first", async () => {
    const { store, stall } = await open();
    await expectSold(store, "before", stall);
  });
});

describe("a PostgreSQL that has no connection left for a moment just as a charge is to be written down", () => {
  async function open(): Promise<{ store: Store; stall(): Promise<unknown> }> {
    const schema = `late_${randomBytes(6).toString("hex")}`;
    const pool = new Pool({ connectionString: "postgres://postgres@127.0.0.1/test", max: 2 });
    pool.on("error", () => {});
    ends.push(async () => {
      await pool.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
      await pool.end();
    });
    return {
      store: postgresStore(pool, { schema, timeout: 500 }),
      stall: () => Promise.all([pool.query("SELECT pg_sleep(2)"), pool.query("SELECT pg_sleep(2)")]),
    };
  }

  test("the response goes out with its receipt, once, and the record follows", async () => {
    const { store, stall } = await open();
    await expectSold(store, "after", stall);
  });

  test("the handler runs once where the settlement comes first", async () => {
    const { store, stall } = await open();
    await expectSold(store, "before", stall);
  });
});

test("a store that is not late sells in the same way", () => expectSold(memoryStore(), "after", async () => {}));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
