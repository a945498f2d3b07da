import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { createPaywall, type Logger } from "@turnpike/core";
import { refuseStart } from "@turnpike/shop-shared/node";
import { createConfig, readSettings, type Settings } from "@turnpike/shop-shared/settings";
import type { StoreSetting } from "@turnpike/shop-shared/store-setting";
import { openStore } from "@turnpike/shop-shared/stores";
import { bundleWorker } from "./bundle.js";

/** Milliseconds after SIGTERM in which requests may finish. */
const grace = 8_000;
const folder = import.meta.dirname;
/** For the engine that is made in place of the worker's: it would warn of a memory that keeps nothing. */
const silent: Logger = { info: () => {}, warn: () => {}, error: () => {} };

try {
  const settings = readSettings(process.env);
  await check(settings);
  await bundleWorker();
  const port = settings.port || (await findPort());
  const origin = `http://127.0.0.1:${port}`;
  const child = startWorkerd(port, settings.origin ?? origin, settings.store);
  stopOnSignal(child);
  await listening(child);
  process.stdout.write(`ready ${origin}\n`);
  wake(origin);
} catch (error) {
  refuseStart(error);
}

/** What is wrong with the configuration stops the start here; the worker itself would say it at its first request. */
async function check(settings: Settings): Promise<void> {
  // Durable Objects are only in the worker, and nothing can be wrong with these.
  const durable = settings.store.kind === "file";
  const { store, close } = await openStore(durable ? { kind: "memory" } : settings.store);
  const config = createConfig(settings, "http://127.0.0.1", store);
  createPaywall({ ...config, reconcileSeconds: 0, ...(durable ? { logger: silent } : {}) });
  await close();
}

/** workerd would pick a free port itself, but the shop has to know its origin before. */
async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function startWorkerd(port: number, origin: string, store: StoreSetting): ChildProcess {
  const { default: binary } = createRequire(import.meta.url)("workerd") as { default: string };
  const config = [join(folder, "shop.capnp"), ...chooseConfig(store)];
  return spawn(binary, ["serve", ...config, "--socket-addr", `http=127.0.0.1:${port}`, "--control-fd", "3"], {
    env: { ...process.env, ORIGIN: origin },
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
}

/** The name of a configuration, and what it needs. */
function chooseConfig(store: StoreSetting): string[] {
  if (store.kind !== "file") return ["inMemory"];
  const disk = resolve(store.path);
  mkdirSync(disk, { recursive: true });
  return ["onDisk", "--directory-path", `store=${disk}`];
}

/** workerd reports its socket on the fourth stream; if it ends instead, its reason is on stderr. */
async function listening(child: ChildProcess): Promise<void> {
  const control = child.stdio[3] as Readable;
  await new Promise<void>((resolve, reject) => {
    control.once("data", () => resolve());
    child.once("error", reject);
  });
}

/** Stands for the scheduled job of a deployment: the worker looks after open payments while somebody asks for anything. */
function wake(origin: string): void {
  setInterval(() => fetch(`${origin}/free`).catch(() => {}), 5_000).unref();
}

/** workerd takes no new requests from SIGTERM on, and ends once those under way are answered. */
function stopOnSignal(child: ChildProcess): void {
  const stop = () => {
    process.removeAllListeners("SIGTERM").removeAllListeners("SIGINT");
    child.removeAllListeners("exit").once("exit", () => process.exit(0));
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), grace);
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
  child.once("exit", (code) => {
    process.stderr.write(`workerd ended with exit code ${code}\n`);
    process.exit(1);
  });
}
