import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { build } from "esbuild";

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "feed", worker = .feed),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "feed")],
);

const feed :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  bindings = [(name = "FACILITATOR", fromEnvironment = "FACILITATOR")],
);
`;

/** The Worker of `feed.ts` in workerd. @returns its origin, and what ends it */
export async function startFeed(facilitator: string): Promise<{ origin: string; close(): Promise<void> }> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "feed.ts")],
    write: false,
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["@turnpike/source", "workerd", "worker", "browser"],
    platform: "neutral",
    mainFields: ["module", "main"],
    logLevel: "warning",
  });
  const folder = mkdtempSync(join(tmpdir(), "turnpike-feed-"));
  writeFileSync(join(folder, "worker.js"), outputFiles[0]?.contents ?? "");
  writeFileSync(join(folder, "config.capnp"), CONFIG);
  const { default: binary } = createRequire(import.meta.url)("workerd") as { default: string };
  const child = spawn(binary, ["serve", "config.capnp", "config", "--control-fd", "3"], {
    cwd: folder,
    env: { ...process.env, FACILITATOR: facilitator },
    stdio: ["ignore", "ignore", process.env.WORKERD_LOG ? "inherit" : "ignore", "pipe"],
  });
  const control = child.stdio[3] as Readable;
  const ended = once(child, "exit");
  const [line] = (await Promise.race([once(control, "data"), ended.then(() => [""])])) as [Buffer | string];
  const { port } = JSON.parse(String(line).split("\n", 1)[0] || "{}") as { port?: number };
  if (port === undefined) throw new Error("workerd did not start; WORKERD_LOG=1 shows why");
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
