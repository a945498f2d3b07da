import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createRequire } from "node:module";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** A running anvil. */
export interface Node {
  readonly rpcUrl: string;
  /** Process ids: the node's own, and its supervisor's. */
  readonly pids: { readonly node: number; readonly supervisor: number };
  /** Ends both processes and resolves once they are gone. May be called again. */
  stop(): Promise<void>;
}

const supervisor = fileURLToPath(new URL("./supervisor.mjs", import.meta.url));

/** Starts anvil on 127.0.0.1; port 0 takes a free one. It mines nothing until told, and it ends with this process. */
export async function startNode(options: { port: number; chainId: number }): Promise<Node> {
  const flags = {
    "--host": "127.0.0.1",
    "--port": options.port,
    "--chain-id": options.chainId,
    "--hardfork": "prague",
    // Beyond its newest 500 blocks anvil would write states into the home directory, and leave them when killed.
    "--max-persisted-states": 0,
  };
  const args = ["--no-mining", ...Object.entries(flags).flatMap(([flag, value]) => [flag, String(value)])];
  // Detached: a Ctrl-C for the parent must not take the chain from under it while it still finishes payments.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, [supervisor, findAnvil(), ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    windowsHide: true,
    env,
  });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.stdin.on("error", () => {});
  const ready = await readReady(child);
  // From here on the chain keeps nobody alive who forgets to stop it.
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as Partial<{ unref(): void }>).unref?.();
  // Should somebody kill the supervisor, its duty falls to us.
  child.once("exit", () => end(ready.node));
  return {
    rpcUrl: `http://127.0.0.1:${ready.port}`,
    pids: { node: ready.node, supervisor: child.pid ?? 0 },
    stop() {
      child.ref();
      child.stdin.destroy();
      return gone;
    },
  };
}

interface Ready {
  port: number;
  node: number;
}

function readReady(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let said = "";
    let complaint = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk;
      if (said.includes("\n")) resolve(JSON.parse(said) as Ready);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      complaint += chunk;
    });
    child.once("error", reject);
    child.once("close", () => reject(new Error(`anvil did not start: ${complaint.trim() || "it said nothing"}`)));
  });
}

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone already, as it should be.
  }
}

/** The npm package's own launcher leans on an install script, which pnpm does not run; its platform package holds all. */
function findAnvil(): string {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  const file = process.platform === "win32" ? "anvil.exe" : "anvil";
  const launcher = createRequire(require.resolve("@foundry-rs/anvil/package.json"));
  try {
    return launcher.resolve(`@foundry-rs/anvil-${platform}/bin/${file}`);
  } catch (cause) {
    throw new Error(`@foundry-rs/anvil ships no binary for ${platform}, or it was left out of the install`, { cause });
  }
}
