import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** A shop's process. */
export interface Victim {
  readonly pid: number;
  readonly origin: string;
  /** The signal that ended it, or its exit code. */
  readonly ended: Promise<string>;
  kill(signal?: NodeJS.Signals): Promise<string>;
}

/** The shop in plain JavaScript: hundreds are started, and a loader of TypeScript costs each more than all else. */
const main = fileURLToPath(new URL(`../.cache/victim-${process.pid}.mjs`, import.meta.url));
let compiled: Promise<unknown> | undefined;
const compile = () =>
  build({
    entryPoints: [fileURLToPath(new URL("victim.ts", import.meta.url))],
    outfile: main,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
  });
const alive = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
  rmSync(main, { force: true });
});

/** Starts a shop with these variables. @throws with what it printed if it ends before it serves */
export async function startVictim(env: Readonly<Record<string, string>>): Promise<Victim> {
  compiled ??= compile();
  await compiled;
  const child = spawn(process.execPath, [main], {
    env: { NODE_ENV: "production", PATH: process.env.PATH, NODE_OPTIONS: process.env.NODE_OPTIONS, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  alive.add(child);
  let [stdout, stderr] = ["", ""];
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const ended = new Promise<string>((resolve) => {
    child.once("close", (code, signal) => {
      alive.delete(child);
      resolve(signal ?? String(code));
    });
  });
  const ready = new Promise<string>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
      const origin = /^ready (\S+)$/m.exec(stdout)?.[1];
      if (origin) resolve(origin);
    });
  });
  const first = await Promise.race([ready, ended.then((how) => ({ how }))]);
  if (typeof first !== "string") throw new Error(`The shop ended with ${first.how}: ${stderr}`);
  return {
    pid: child.pid ?? 0,
    origin: first,
    ended,
    kill: (signal = "SIGKILL") => {
      child.kill(signal);
      return ended;
    },
  };
}
