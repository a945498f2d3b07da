import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A program of this repository that serves HTTP, started as a user starts it. */
export interface Program extends AsyncDisposable {
  /** Where it says that it serves. */
  readonly origin: string;
  /** All that it has printed on stdout. */
  output(): string;
  /** Sends SIGTERM. */
  terminate(): void;
  /** Its exit code, once it has ended; the signal's name if one ended it. */
  readonly ended: Promise<number | string>;
  /** Sends SIGTERM and waits for the end. May be called again. */
  stop(): Promise<number | string>;
  /** Sends SIGKILL, to it and to what it has started, and waits for the end of them all. */
  kill(): Promise<void>;
}

/** How a program ended that serves nobody. */
export interface Ending {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  /** Folder within the repository. @default the repository's top */
  readonly cwd?: string;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it prints when it serves; the first group is its origin. @default the shop's line */
  readonly ready?: RegExp;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) killGroup(child, "SIGKILL");
});

/** Starts Node with these arguments. @throws with what the program printed if it ends before it serves */
export async function startProgram(args: readonly string[], options: StartOptions = {}): Promise<Program> {
  const started = await launch(args, options);
  if ("origin" in started) return started;
  throw new Error(`${args.join(" ")} ended with ${started.code}: ${started.stderr}${started.stdout}`);
}

/** Starts Node with these arguments and waits for its end. @throws if it serves instead */
export async function runToEnd(args: readonly string[], options: StartOptions = {}): Promise<Ending> {
  const started = await launch(args, options);
  if (!("origin" in started)) return started;
  await started.stop();
  throw new Error(`${args.join(" ")} does not end, it serves`);
}

async function launch(args: readonly string[], options: StartOptions): Promise<Program | Ending> {
  const { cwd = "", env = {}, ready = /^ready (http:\S+)$/m } = options;
  const child = spawn(process.execPath, args, {
    cwd: `${root}${cwd}`,
    env: { ...inherited(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that what it starts goes with it.
    detached: true,
  });
  running.add(child);
  let [stdout, stderr] = ["", ""];
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve(code ?? signal ?? "unknown");
    });
  });
  const serving = new Promise<string>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk;
      const origin = ready.exec(stdout)?.[1];
      if (origin) resolve(origin);
    });
  });
  const first = await Promise.race([serving.then((origin) => ({ origin })), ended.then((code) => ({ code }))]);
  if ("code" in first) return { ...first, stdout, stderr };
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  return {
    ...first,
    output: () => stdout,
    terminate: () => child.kill("SIGTERM"),
    ended,
    stop,
    kill: async () => {
      killGroup(child, "SIGKILL");
      // What it has started holds its output open, so that has ended as well.
      await ended;
    },
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

/** The variables of this process, without those that Vitest has put there. */
function inherited(): NodeJS.ProcessEnv {
  const own = /^(VITEST|NODE_ENV|TEST|DEV|PROD|MODE|SSR|BASE_URL|NODE_OPTIONS|FORCE_COLOR)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name))) as NodeJS.ProcessEnv;
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
