import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { createPaywall } from "@turnpike/core";
import { refuseStart } from "@turnpike/shop-shared/node";
import { createConfig, readSettings } from "@turnpike/shop-shared/settings";
import { build } from "esbuild";

/** Milliseconds after SIGTERM in which requests may finish. */
const grace = 8_000;
const folder = import.meta.dirname;

try {
  const settings = readSettings(process.env);
  // What is wrong with the configuration stops the start here; the worker itself would say it at its first request.
  createPaywall(createConfig(settings, "http://127.0.0.1"));
  await bundle();
  const port = settings.port || (await findPort());
  const origin = `http://127.0.0.1:${port}`;
  const child = startWorkerd(port, settings.origin ?? origin);
  stopOnSignal(child);
  await listening(child);
  process.stdout.write(`ready ${origin}\n`);
} catch (error) {
  refuseStart(error);
}

/** The worker in one module, as a seller would upload it. */
async function bundle(): Promise<void> {
  const outfile = join(folder, ".cache", "worker.js");
  const { outputFiles } = await build({
    entryPoints: [join(folder, "worker.ts")],
    outfile,
    write: false,
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["workerd", "worker", "browser"],
    platform: "neutral",
    mainFields: ["module", "main"],
    logLevel: "warning",
  });
  // In one step, since another shop may be starting beside this one.
  const draft = `${outfile}.${process.pid}`;
  mkdirSync(dirname(outfile), { recursive: true });
  writeFileSync(draft, outputFiles[0]?.contents ?? "");
  renameSync(draft, outfile);
}

/** workerd would pick a free port itself, but the shop has to know its origin before. */
async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function startWorkerd(port: number, origin: string): ChildProcess {
  const { default: binary } = createRequire(import.meta.url)("workerd") as { default: string };
  const config = join(folder, "shop.capnp");
  return spawn(binary, ["serve", config, "config", "--socket-addr", `http=127.0.0.1:${port}`, "--control-fd", "3"], {
    env: { ...process.env, ORIGIN: origin },
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
}

/** workerd reports its socket on the fourth stream; if it ends instead, its reason is on stderr. */
async function listening(child: ChildProcess): Promise<void> {
  const control = child.stdio[3] as Readable;
  await new Promise<void>((resolve, reject) => {
    control.once("data", () => resolve());
    child.once("error", reject);
  });
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
