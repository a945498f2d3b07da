import { copyFileSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type SqliteStore, type SqliteStoreOptions, sqliteStore } from "../src/index.js";
import { freshPath, removeFolders } from "./support/folder.js";
import { type Child, startChild } from "./support/process.js";
import { LEASE, record } from "./support/records.js";

const children: Child[] = [];
const stores: SqliteStore[] = [];

function start(...args: string[]): Child {
  const child = startChild(args);
  children.push(child);
  return child;
}

function open(path: string, options?: SqliteStoreOptions): SqliteStore {
  const store = sqliteStore(path, options);
  stores.push(store);
  return store;
}

async function holder(path: string): Promise<Child> {
  const child = start(path, "hold");
  expect(await child.line()).toBe("holding");
  return child;
}

const inUse = { name: "StoreError", code: "store_in_use", message: expect.stringContaining("Another process has") };

removeFolders();

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close().catch(() => {});
  for (const child of children.splice(0)) await child.kill("SIGKILL");
});

describe("a process that is killed", () => {
  it("leaves its records, answers and links, and no lease", async () => {
    const path = freshPath();
    await (await holder(path)).kill("SIGKILL");
    const store = open(path, { wait: 0 });
    const reading = await store.read("held");
    expect(reading?.record).toMatchObject({ version: 2, state: "settled", holder: "held" });
    expect(reading?.leased).toBe(false);
    expect(await store.list({ states: ["settled"], lapsed: true, order: "oldest", limit: 10 })).toHaveLength(1);
    expect((await store.answer("held"))?.body).toHaveLength(100);
    expect(await store.linked("key")).toBe("held");
    expect(await store.insert(record("held"), LEASE)).toBe(false);
  });

  it("leaves every change that it was told was written", async () => {
    const path = freshPath();
    const child = start(path, "write");
    for (let i = 0; i < 100; i++) await child.line();
    await child.kill("SIGKILL");
    expect(child.lines.length).toBeGreaterThanOrEqual(100);
    const store = open(path);
    for (const id of child.lines as string[]) {
      expect((await store.read(id))?.record).toMatchObject({ version: 2, state: "settled" });
      expect(await store.answer(id)).toBeDefined();
      expect(await store.linked(id)).toBe(id);
    }
  });

  it("leaves no more than the file itself once the next one has closed it", async () => {
    const path = freshPath();
    await (await holder(path)).kill("SIGKILL");
    const store = open(path);
    await store.read("held");
    await store.close();
    expect(readdirSync(dirname(path))).toEqual(["payments.db"]);
    copyFileSync(path, `${path}.copy`);
    expect((await open(`${path}.copy`).read("held"))?.record.version).toBe(2);
  });
});

describe("a second process", () => {
  it("is refused while the first has the file", async () => {
    const path = freshPath();
    await holder(path);
    const store = open(path, { wait: 0 });
    await expect(store.read("held")).rejects.toMatchObject(inUse);
    await expect(store.insert(record("other"), LEASE)).rejects.toMatchObject(inUse);
    await expect(store.list({ order: "newest", limit: 1 })).rejects.toMatchObject(inUse);
  });

  it("is refused while this one has the file", async () => {
    const path = freshPath();
    const store = open(path);
    await store.insert(record("mine"), LEASE);
    const child = start(path, "insert", "0");
    expect(await child.line()).toMatchObject({ code: "store_in_use" });
    await child.ended;
    expect((await store.read("mine"))?.leased).toBe(true);
  });

  it("has the file without a restart once the first lets go of it", async () => {
    const path = freshPath();
    const child = await holder(path);
    const store = open(path, { wait: 0 });
    await expect(store.read("held")).rejects.toMatchObject(inUse);
    child.tell();
    expect(await child.line()).toBe("closed");
    expect((await store.read("held"))?.record.version).toBe(2);
  });

  it("waits for the first to go", async () => {
    const path = freshPath();
    const child = await holder(path);
    const store = open(path, { wait: 60_000 });
    const readings = Promise.all([store.read("held"), store.read("other")]);
    child.tell();
    expect(await readings).toMatchObject([{ record: { version: 2 }, leased: false }, undefined]);
  });

  it("has it to itself when several start at once and insert the same payment", async () => {
    const path = freshPath();
    const rivals = [1, 2, 3].map(() => start(path, "insert", "60000"));
    const said = await Promise.all(rivals.map((child) => child.line()));
    expect(said.map((line) => JSON.stringify(line)).sort()).toEqual([
      '{"inserted":false}',
      '{"inserted":false}',
      '{"inserted":true}',
    ]);
  });
});
