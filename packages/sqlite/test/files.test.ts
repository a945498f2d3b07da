import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError } from "@turnpike/core";
import Driver from "libsql";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type SqliteStore, type SqliteStoreOptions, sqliteStore } from "../src/index.js";
import { freshPath, removeFolders } from "./support/folder.js";
import { startChild } from "./support/process.js";
import { answer, LEASE, record } from "./support/records.js";

const stores: SqliteStore[] = [];

function open(path: string | URL, options?: SqliteStoreOptions): SqliteStore {
  const store = sqliteStore(path, options);
  stores.push(store);
  return store;
}

/** A file of ours with a hundred records, closed. */
async function filled(): Promise<string> {
  const path = freshPath();
  const store = open(path);
  for (let i = 0; i < 100; i++) await store.insert(record(`${i}`, { request: "r".repeat(1_000) }), LEASE);
  await store.close();
  return path;
}

const unreadable = { name: "StoreError", code: "store_unreadable" };
const unavailable = { name: "StoreError", code: "store_unavailable" };
/** The arguments of a child that permissions bind, which they do not for root. */
const bound = ["insert", "0", ...(process.getuid?.() === 0 ? ["65534"] : [])];

removeFolders();

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close().catch(() => {});
});

describe("a store", () => {
  it("touches nothing before its first operation", async () => {
    const path = freshPath();
    const store = open(path);
    expect(existsSync(path)).toBe(false);
    await store.read("id");
    expect(existsSync(path)).toBe(true);
  });

  it("refuses at once what is no path and no option", () => {
    const wrong: [unknown, object][] = [
      ["", {}],
      [undefined, {}],
      [7, {}],
      ["https://db.test", {}],
      ["libsql://db.test", {}],
      ["file:payments.db", {}],
      ["a\0b", {}],
      [new URL("https://db.test"), {}],
      ["./x.db", { durability: "none" }],
      ["./x.db", { wait: -1 }],
      ["./x.db", { maxAnswer: 1.5 }],
      ["./x.db", { answerBytes: "1" }],
    ];
    for (const [path, options] of wrong) {
      expect(() => sqliteStore(path as string, options as SqliteStoreOptions)).toThrow(ConfigError);
    }
  });

  it("is one for all ways to write a path, and for every copy of the module", async () => {
    const path = freshPath();
    await open(path).insert(record("id"), LEASE);
    expect((await open(relative(process.cwd(), path)).read("id"))?.leased).toBe(true);
    expect((await open(pathToFileURL(path)).read("id"))?.leased).toBe(true);
    vi.resetModules();
    const copy = await import("../src/index.js");
    expect(copy.sqliteStore).not.toBe(sqliteStore);
    const third = copy.sqliteStore(path);
    stores.push(third);
    expect((await third.read("id"))?.leased).toBe(true);
  });

  it("stays open until the last of its users closes it", async () => {
    const path = freshPath();
    const [one, two] = [open(path), open(path)];
    await one.insert(record("id"), LEASE);
    await two.read("id");
    await one.close();
    await one.close();
    await expect(one.read("id")).rejects.toMatchObject({ name: "StoreError", code: "store_closed" });
    expect((await two.read("id"))?.leased).toBe(true);
    await two.close();
    expect((await open(path, { wait: 0 }).read("id"))?.leased).toBe(false);
  });

  it("writes what is under way when it is closed", async () => {
    const path = freshPath();
    const store = open(path);
    await store.read("id");
    const inserted = Promise.all(Array.from({ length: 600 }, (_, i) => store.insert(record(`${i}`), LEASE)));
    await store.close();
    expect(await inserted).toEqual(Array.from({ length: 600 }, () => true));
    expect(await open(path).list({ order: "oldest", limit: 1_000 })).toHaveLength(600);
  });

  it.runIf(process.platform !== "win32")("is for its owner's eyes only", async () => {
    const path = freshPath();
    await open(path).insert(record("id"), LEASE);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
  });

  it("rejects one operation that cannot be written, and none beside it", async () => {
    const store = open(":memory:");
    const unwritable = record("bad", { validBefore: 1n as unknown as number });
    const ends = await Promise.allSettled([
      store.insert(record("a"), LEASE),
      store.insert(unwritable, LEASE),
      store.insert(record("b"), LEASE),
      store.read("a"),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(ends[3]).toMatchObject({ value: { leased: true } });
    expect(await store.read("bad")).toBeUndefined();
    expect((await store.read("b"))?.leased).toBe(true);
  });
});

describe("a file that is not ours to use", () => {
  it("is refused if a newer version wrote it, and not changed", async () => {
    const path = await filled();
    const driver = new Driver(path);
    driver.exec("PRAGMA user_version = 99");
    driver.close();
    const before = readFileSync(path);
    await expect(open(path).read("1")).rejects.toMatchObject({ name: "StoreError", code: "store_too_new" });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("is refused if it is the database of something else, and neither changed nor locked", async () => {
    const path = freshPath();
    const driver = new Driver(path, { timeout: 0 });
    driver.exec("PRAGMA journal_mode = WAL; CREATE TABLE theirs (a)");
    driver.close();
    await expect(open(path).insert(record("id"), LEASE)).rejects.toMatchObject(unreadable);
    const again = new Driver(path, { timeout: 0 });
    again.exec("INSERT INTO theirs VALUES (1)");
    expect(again.prepare("SELECT name FROM sqlite_schema").all([])).toEqual([{ name: "theirs" }]);
    again.close();
  });

  it("is refused if it is no database, and not changed", async () => {
    const path = freshPath();
    writeFileSync(path, "precious notes\n".repeat(1_000));
    const before = readFileSync(path);
    const store = open(path);
    await expect(store.insert(record("id"), LEASE)).rejects.toMatchObject(unreadable);
    await expect(store.read("id")).rejects.toMatchObject(unreadable);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("is refused if it is damaged, and kept as it is", async () => {
    const path = await filled();
    const bytes = readFileSync(path);
    const damaged = Buffer.from(bytes);
    damaged.fill(0xab, 4096);
    writeFileSync(path, damaged);
    const store = open(path);
    await expect(store.read("1")).rejects.toMatchObject(unreadable);
    await expect(store.insert(record("1"), LEASE)).rejects.toMatchObject(unreadable);
    await store.close();
    expect(readFileSync(path).subarray(4096).equals(damaged.subarray(4096))).toBe(true);
    writeFileSync(path, bytes);
    expect((await open(path).read("1"))?.record.version).toBe(1);
  });

  it("does not take a part of a file for a whole", async () => {
    const path = await filled();
    truncateSync(path, 8192);
    const store = open(path);
    await expect(store.insert(record("1"), LEASE)).rejects.toMatchObject(unreadable);
    await expect(store.list({ order: "oldest", limit: 10 })).rejects.toMatchObject(unreadable);
  });
});

describe("a disk that does not do its part", () => {
  it("D23 rejects what it cannot write when it is full, and has what it acknowledged", async () => {
    const path = freshPath();
    const child = startChild([path, "fill"], { blocks: 4096 });
    await child.ended;
    const [last, ...written] = [...child.lines].reverse();
    expect(last).toMatchObject({ code: "store_unavailable", readable: "settled" });
    expect(written.length).toBeGreaterThan(5);
    const store = open(path);
    for (const id of written as string[]) {
      expect((await store.read(id))?.record.state).toBe("settled");
      expect((await store.answer(id))?.body).toHaveLength(64 * 1024);
    }
    expect((await store.read((last as { full: string }).full))?.record.state).not.toBe("settled");
    expect(await store.insert(record("room again"), LEASE)).toBe(true);
  });

  it("rejects where there is no directory, and does without a restart once there is one", async () => {
    const path = join(dirname(freshPath()), "later", "payments.db");
    const store = open(path);
    await expect(store.insert(record("id"), LEASE)).rejects.toMatchObject(unavailable);
    await expect(store.read("id")).rejects.toThrow(/its directory does not exist/);
    mkdirSync(dirname(path));
    expect(await store.insert(record("id"), LEASE)).toBe(true);
  });

  it("rejects a directory in place of a file", async () => {
    await expect(open(dirname(freshPath())).read("id")).rejects.toMatchObject(unavailable);
  });

  it.runIf(process.platform !== "win32")("rejects a directory that may not be written", async () => {
    const path = freshPath();
    chmodSync(dirname(path), 0o555);
    const child = startChild([path, ...bound]);
    expect(await child.line()).toMatchObject({ message: expect.stringContaining("no permission to create it") });
    await child.ended;
    chmodSync(dirname(path), 0o755);
    expect(existsSync(path)).toBe(false);
  });

  it.runIf(process.platform !== "win32")("rejects a file that may not be written", async () => {
    const path = await filled();
    const before = readFileSync(path);
    chmodSync(path, 0o444);
    chmodSync(dirname(path), 0o555);
    const child = startChild([path, ...bound]);
    expect(await child.line()).toMatchObject({ message: expect.stringContaining("it may not be written") });
    await child.ended;
    chmodSync(dirname(path), 0o755);
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

describe("answers on the disk", () => {
  it("come back after the file was closed", async () => {
    const path = freshPath();
    const store = open(path);
    await store.insert(record("id"), LEASE);
    await store.replace(record("id", { version: 2 }), 1, LEASE, answer(300_000));
    await store.close();
    expect((await open(path).answer("id"))?.body).toHaveLength(300_000);
  });
});
