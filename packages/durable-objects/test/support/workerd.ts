import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { build } from "esbuild";

const require = createRequire(import.meta.url);

/** Two Workers, as two instances that share one namespace of objects on local disk. */
const CONFIG = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "one", worker = .one),
    (name = "two", worker = .two),
    (name = "disk", disk = (path = "disk", writable = true)),
  ],
  sockets = [
    (name = "one", address = "127.0.0.1:0", http = (), service = "one"),
    (name = "two", address = "127.0.0.1:0", http = (), service = "two"),
  ],
);

const one :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [
    (className = "PaymentLedger", uniqueKey = "ledger", enableSql = true),
    (className = "OpenLedger", uniqueKey = "open", enableSql = true),
    (className = "OldLedger", uniqueKey = "old"),
    (className = "SilentLedger", uniqueKey = "silent", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "LEDGER", durableObjectNamespace = "PaymentLedger"),
    (name = "OPEN", durableObjectNamespace = "OpenLedger"),
    (name = "OLD", durableObjectNamespace = "OldLedger"),
    (name = "SILENT", durableObjectNamespace = "SilentLedger"),
    (name = "KV", kvNamespace = "disk"),
  ],
);

const two :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  bindings = [
    (name = "LEDGER", durableObjectNamespace = (className = "PaymentLedger", serviceName = "one")),
    (name = "OPEN", durableObjectNamespace = (className = "OpenLedger", serviceName = "one")),
  ],
);
`;

export type WorkerName = "one" | "two";

/** workerd on a disk of its own. */
export interface Workerd {
  /** Where the files of objects lie. */
  readonly disk: string;
  /** Base URL; it changes with every start. */
  url(worker: WorkerName): string;
  /** Ends it, by default as a deployment would, and starts it again on the same disk. */
  restart(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  kill(): Promise<void>;
  /** Ends it, and removes the disk. */
  remove(): Promise<void>;
}

let bundle: Promise<Uint8Array> | undefined;

/** The Worker and the package's sources in one module, as a seller would upload it. */
async function bundleWorker(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "worker.ts")],
    write: false,
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["@turnpike/source", "workerd", "worker", "browser"],
    platform: "neutral",
    mainFields: ["module", "main"],
    logLevel: "warning",
  });
  return outputFiles[0]?.contents as Uint8Array;
}

export async function startWorkerd(): Promise<Workerd> {
  bundle ??= bundleWorker();
  const folder = mkdtempSync(join(tmpdir(), "turnpike-workerd-"));
  const disk = join(folder, "disk");
  mkdirSync(disk);
  writeFileSync(join(folder, "worker.js"), await bundle);
  writeFileSync(join(folder, "config.capnp"), CONFIG);
  let running = await serve(folder);
  const end = async (signal: NodeJS.Signals) => {
    if (running.child.exitCode !== null || running.child.signalCode !== null) return;
    const ended = once(running.child, "exit");
    running.child.kill(signal);
    await ended;
  };
  return {
    disk,
    url: (worker) => `http://127.0.0.1:${running.ports.get(worker)}`,
    restart: async (signal = "SIGTERM") => {
      await end(signal);
      running = await serve(folder);
    },
    kill: () => end("SIGKILL"),
    remove: async () => {
      await end("SIGKILL");
      rmSync(folder, { recursive: true });
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly ports: ReadonlyMap<string, number>;
}

/** workerd reports its sockets on the fourth stream; if it ends instead, its reason is on stderr. */
async function serve(folder: string): Promise<Running> {
  const { default: binary } = require("workerd") as { default: string };
  const child = spawn(binary, ["serve", "config.capnp", "config", "--control-fd", "3"], {
    cwd: folder,
    stdio: ["ignore", "ignore", process.env.WORKERD_LOG ? "inherit" : "ignore", "pipe"],
  });
  const control = child.stdio[3] as Readable;
  const ports = new Map<string, number>();
  let text = "";
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`workerd ended with exit code ${code}; WORKERD_LOG=1 shows why`)));
    control.on("data", (chunk) => {
      text += chunk;
      for (const line of text.split("\n").slice(0, -1)) {
        const { event, socket, port } = JSON.parse(line);
        if (event === "listen") ports.set(socket, port);
      }
      text = text.slice(text.lastIndexOf("\n") + 1);
      if (ports.size === 2) resolve();
    });
  });
  return { child, ports };
}
