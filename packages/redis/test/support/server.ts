import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REDIS_SERVER } from "../service.js";

/** A Redis of a test's own, on this machine only, with a directory of its own. */
export interface Server {
  readonly port: number;
  readonly url: string;
  /** Ends the process at once, whatever it is at. */
  kill(): Promise<void>;
  /** Starts it again, on the same port, with what it has on disk. */
  start(): Promise<void>;
  /** Lets it stand still, with its connections open. */
  pause(): void;
  resume(): void;
  /** Ends it, and removes its directory. */
  close(): Promise<void>;
}

export async function startServer(...settings: string[]): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), "turnpike-redis-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  for (let tries = 1; ; tries++) {
    const port = await findPort();
    const place = ["--bind", "127.0.0.1", "--port", String(port), "--dir", directory, "--save", ""];
    const launch = () => launchRedis([...place, ...settings]);
    try {
      return controlServer(port, launch, await launch(), remove);
    } catch (error) {
      // Somebody else may have taken the port meanwhile.
      if (tries === 5) {
        await remove();
        throw error;
      }
    }
  }
}

/** A port that was free a moment ago. */
export async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || !address) throw new Error("There is no port.");
  return address.port;
}

/** Resolves once it takes connections. */
async function launchRedis(args: string[]): Promise<ChildProcess> {
  const child = spawn(REDIS_SERVER, args, { stdio: ["ignore", "pipe", "inherit"] });
  let log = "";
  const ready = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`redis-server ended: ${log}`)));
    child.stdout.on("data", (text) => {
      log += text;
      if (log.includes("Ready to accept connections")) resolve();
    });
  });
  await ready;
  return child;
}

function controlServer(
  port: number,
  launch: () => Promise<ChildProcess>,
  first: ChildProcess,
  remove: () => Promise<void>,
): Server {
  let child = first;
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    start: async () => {
      child = await launch();
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    close: async () => {
      await kill();
      await remove();
    },
  };
}
