import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "@turnpike/core";
import { bridgeStore } from "../../../../packages/durable-objects/test/support/bridge.js";
import { startWorkerd } from "../../../../packages/durable-objects/test/support/workerd.js";
import { freePort, listening } from "../backend.js";
import { clearRoom } from "../store.js";

export type StoreName = "sqlite" | "redis" | "postgres" | "durable-objects";

/** Where a store of a run's own lies. */
export interface Host {
  readonly address: string;
  /** Bytes that the store takes, on disk or in Redis' memory. */
  size(): Promise<number>;
  close(): Promise<void>;
}

export const hosts: Readonly<Record<StoreName, () => Promise<Host>>> = {
  sqlite: async () => {
    const directory = mkdtempSync(join(tmpdir(), "turnpike-books-"));
    return {
      address: `file:${join(directory, "payments.db")}`,
      size: async () => bytesIn(directory),
      close: async () => rmSync(directory, { recursive: true }),
    };
  },
  redis: async () => {
    const port = await freePort();
    const args = ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--appendonly", "no"];
    const server = spawn("redis-server", args, { stdio: "ignore", cwd: tmpdir() });
    await listening(port);
    const url = `redis://127.0.0.1:${port}/`;
    return { address: `${url}?room=books`, size: () => memoryOf(url), close: () => end(server) };
  },
  postgres: async () => {
    const schema = `books_${process.pid}`;
    const address = `postgres://postgres@127.0.0.1:5432/test?room=${schema}`;
    return { address, size: () => tablesOf(schema), close: () => clearRoom(address) };
  },
  "durable-objects": async () => {
    const workerd = await startWorkerd();
    return { address: workerd.url("one"), size: async () => bytesIn(workerd.disk), close: () => workerd.remove() };
  },
};

type Workerd = Parameters<typeof bridgeStore>[0];
/** The rest of it serves tests that end and start it. */
export const workerdAt = (address: string) => ({ url: () => address }) as unknown as Workerd;

/** The store of a Worker that runs in workerd, over HTTP. */
export function openBridge(address: string): Store {
  return bridgeStore(workerdAt(address), { name: "books", timeout: 30_000 }, { binding: "OPEN" });
}

async function end(server: ChildProcess): Promise<void> {
  const ended = once(server, "exit");
  server.kill("SIGKILL");
  await ended;
}

function bytesIn(directory: string): number {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

async function memoryOf(url: string): Promise<number> {
  const { createClient } = await import("redis");
  const client = createClient({ url });
  await client.connect();
  const info = await client.info("memory");
  client.destroy();
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

async function tablesOf(schema: string): Promise<number> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: "postgres://postgres@127.0.0.1:5432/test" });
  await client.connect();
  const { rows } = await client.query(
    "SELECT sum(pg_total_relation_size(oid))::text AS bytes FROM pg_class WHERE relnamespace = $1::text::regnamespace AND relkind = 'r'",
    [schema],
  );
  await client.end();
  return Number(rows[0]?.bytes);
}
