import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What else an app here is made of: built packages, and what the shops share. */
const parts = ["packages/core/dist", "packages/next/dist", "packages/evm/dist", "e2e/shop/shared/src"];

/** Builds the shop for production, unless nothing has changed since it was built. */
export function buildShop(): Promise<void> {
  return buildApp(import.meta.dirname);
}

/**
 * Builds a Next.js app of this repository for production, unless nothing has changed since it was built.
 * @param environment variables that its modules need while they are being built; a build keeps none of them
 * @throws with what Next has printed
 */
export async function buildApp(folder: string, environment: Readonly<Record<string, string>> = {}): Promise<void> {
  const stamp = join(folder, ".next", "built-for-tests");
  const built = timeOf(stamp);
  if ([folder, ...parts.map((part) => join(root, part))].every((part) => newestIn(part) < built)) return;
  const start = new Date();
  await run(folder, environment);
  mkdirSync(join(folder, ".next"), { recursive: true });
  writeFileSync(stamp, "");
  // What was edited while the build ran is newer than the build.
  utimesSync(stamp, start, start);
}

function timeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newestIn(folder: string): number {
  // What an install or a build writes.
  const skipped = /^(node_modules|\.next|next-env\.d\.ts|.*\.tsbuildinfo)$/;
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !skipped.test(name));
  return Math.max(
    0,
    ...entries.map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? newestIn(path) : timeOf(path);
    }),
  );
}

function run(folder: string, environment: Readonly<Record<string, string>>): Promise<void> {
  const next = createRequire(join(folder, "package.json")).resolve("next/dist/bin/next");
  const child = spawn(process.execPath, [next, "build"], {
    cwd: folder,
    env: { ...process.env, ...environment, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`next build ended with ${code}\n${output}`)),
    );
  });
}
