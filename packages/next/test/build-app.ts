import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const packages = fileURLToPath(new URL("../..", import.meta.url));
export const appDirectory = fileURLToPath(new URL("app", import.meta.url));
/** An app under a base path, whose paths end in a slash. */
export const basedDirectory = fileURLToPath(new URL("based", import.meta.url));
/** An app with a middleware, which Next runs on its edge runtime. */
export const edgeDirectory = fileURLToPath(new URL("edge", import.meta.url));
const built = [join(packages, "core", "dist"), join(packages, "next", "dist")];

/**
 * Makes the production build of the test app, unless the one that is there stems from the same files. The app uses the
 * built packages, as users do. One process builds, others wait for it.
 */
export async function buildApp(directory = appDirectory): Promise<void> {
  const lock = join(directory, ".cache", "lock");
  const stampFile = join(directory, ".next", "turnpike-stamp");
  for (const output of built) {
    await stat(join(output, "index.js")).catch(() => {
      const missing = relative(packages, output);
      throw new Error(`packages/${missing} is missing: run "pnpm exec tsc -b packages/core packages/next" first.`);
    });
  }
  const stamp = await stampOf([directory, ...built]);
  const upToDate = async () => (await readFile(stampFile, "utf8").catch(() => "")) === stamp;
  while (!(await upToDate())) {
    if (!(await takeLock(lock))) {
      await wait(200);
      continue;
    }
    try {
      if (!(await upToDate())) await runBuild(directory);
      await writeFile(stampFile, stamp);
    } finally {
      await rm(lock, { recursive: true });
    }
  }
}

/** A lock that a dead process holds is nobody's. */
async function takeLock(lock: string): Promise<boolean> {
  await mkdir(join(lock, ".."), { recursive: true });
  try {
    await mkdir(lock);
  } catch {
    const owner = Number(await readFile(join(lock, "pid"), "utf8").catch(() => ""));
    if (owner > 0 && !isAlive(owner)) await rm(lock, { recursive: true, force: true });
    return false;
  }
  await writeFile(join(lock, "pid"), String(process.pid));
  return true;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function runBuild(directory: string): Promise<void> {
  const bin = createRequire(import.meta.url).resolve("next/dist/bin/next");
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NODE_ENV: "production" as const,
    NEXT_TELEMETRY_DISABLED: "1",
  };
  const child = spawn(process.execPath, [bin, "build", directory], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`next build failed:\n${output}`);
}

async function stampOf(directories: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const directory of directories) {
    const files = (await readdir(directory, { recursive: true })).filter(
      (file) => !/^(\.next|\.cache|\.tsbuildinfo)/.test(file),
    );
    for (const file of files.sort()) {
      const content = await readFile(join(directory, file)).catch(() => "");
      hash.update(`${file}\n`).update(content);
    }
  }
  return hash.digest("hex");
}
