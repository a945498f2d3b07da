import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** A database server of this run's own, which may be killed and started again. */
export interface Backend {
  readonly name: "redis" | "postgres";
  /** For `openStore`. */
  readonly address: string;
  /** Kills it and starts it again on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A Redis that writes every change to disk before it answers. */
export async function startRedis(): Promise<Backend> {
  const directory = mkdtempSync(join(tmpdir(), "turnpike-redis-"));
  const port = await freePort();
  const flags = `--bind 127.0.0.1 --port ${port} --dir ${directory} --save  --appendonly yes --appendfsync always`;
  const args = flags.split(" ").concat("--daemonize", "no", "--logfile", join(directory, "redis.log"));
  return keep("redis", directory, port, `redis://127.0.0.1:${port}/?room=history`, () =>
    spawn("redis-server", args, { stdio: "ignore" }),
  );
}

/** A PostgreSQL with its usual durability. */
export async function startPostgres(): Promise<Backend> {
  const programs = postgresPrograms();
  const directory = mkdtempSync(join(tmpdir(), "turnpike-postgres-"));
  const data = join(directory, "data");
  mkdirSync(data);
  // It refuses to run as root.
  const owner = userInfo().uid === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : undefined;
  for (const path of owner ? [directory, data] : []) chownSync(path, owner?.uid ?? 0, owner?.gid ?? 0);
  const options = { ...owner, cwd: directory, stdio: "ignore" } as const;
  execFileSync(join(programs, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync"], options);
  const port = await freePort();
  const args = ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-k", directory];
  return keep("postgres", directory, port, `postgres://postgres@127.0.0.1:${port}/postgres?room=history`, () =>
    spawn(join(programs, "postgres"), args, options),
  );
}

async function keep(
  name: Backend["name"],
  directory: string,
  port: number,
  address: string,
  start: () => ChildProcess,
): Promise<Backend> {
  let server = start();
  await listening(port);
  const kill = async () => {
    const ended = once(server, "exit");
    server.kill(name === "redis" ? "SIGKILL" : "SIGQUIT");
    await ended;
  };
  process.once("exit", () => server.kill("SIGKILL"));
  return {
    name,
    address,
    restart: async () => {
      await kill();
      server = start();
      await listening(port);
    },
    close: async () => {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function postgresPrograms(): string {
  const root = "/usr/lib/postgresql";
  const [version] = existsSync(root) ? readdirSync(root).sort().reverse() : [];
  if (version === undefined) throw new Error("PostgreSQL's own programs are not installed");
  return join(root, version, "bin");
}

const idOf = (flag: "-u" | "-g"): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export async function listening(port: number): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      }).once("error", () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}
