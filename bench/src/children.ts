import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Answer } from "./conversation.js";

const home = fileURLToPath(new URL("..", import.meta.url));
const output = fileURLToPath(new URL("../dist", import.meta.url));

/** Milliseconds that a child may take to start. */
const START_LIMIT = 20_000;
/** Milliseconds that a child may take for one answer. */
const ANSWER_LIMIT = 90_000;
/** Milliseconds that a child has to end before it is killed. */
const END_LIMIT = 2_000;

/** A process of our own, that is told what to do. */
export interface Child<Ready> {
  /** What it said when it was ready. */
  readonly ready: Ready;
  ask<T>(question: string, input?: unknown): Promise<T>;
  stop(): Promise<void>;
}

/** Turns the children into plain JavaScript: what is measured runs in a plain Node, as it does at a user's. */
export async function compileChildren(names: readonly string[]): Promise<void> {
  rmSync(output, { recursive: true, force: true });
  await build({
    entryPoints: names.map((name) => `${home}children/${name}.ts`),
    outdir: output,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    packages: "external",
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "warning",
  });
}

const running = new Set<ChildProcess>();

export async function startChild<Ready = unknown>(name: string, ...args: string[]): Promise<Child<Ready>> {
  const child = spawn(process.execPath, ["--expose-gc", `${output}/${name}.mjs`, ...args], {
    cwd: home,
    env: { ...process.env, NODE_ENV: "production", NODE_OPTIONS: "" },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  running.add(child);
  const complaints: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => complaints.push(String(chunk)));
  const waiting = new Map<number, (answer: Answer) => void>();
  child.on("message", (message: Answer) => waiting.get(message.id)?.(message));
  child.on("exit", (code, signal) => {
    running.delete(child);
    const failure = `${name} ended with ${signal ?? code}. ${complaints.join("").trim().slice(-2_000)}`;
    for (const [id, settle] of waiting) settle({ id, failure });
  });

  const listen = (id: number, limit: number) =>
    new Promise<unknown>((resolve, reject) => {
      const settle = ({ value, failure }: Answer) => {
        clearTimeout(timer);
        waiting.delete(id);
        if (failure === undefined) resolve(value);
        else reject(new Error(failure));
      };
      const timer = setTimeout(() => settle({ id, failure: `${name} did not answer within ${limit / 1000} s` }), limit);
      waiting.set(id, settle);
    });

  let count = 0;
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), END_LIMIT);
    await ended;
    clearTimeout(timer);
  };
  try {
    return {
      ready: (await listen(0, START_LIMIT)) as Ready,
      ask: async <T>(ask: string, input?: unknown) => {
        const answered = listen(++count, ANSWER_LIMIT);
        child.send({ id: count, ask, input });
        return (await answered) as T;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Children that are still there when the run ends, however it ends. */
export function killChildren(): void {
  for (const child of running) child.kill("SIGKILL");
}
