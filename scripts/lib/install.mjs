import { existsSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { runPnpm, say } from "./process.mjs";
import { listPackages, readJson, root } from "./workspace.mjs";

const lock = join(root, "pnpm-lock.yaml");
/** pnpm writes this file last, so it tells that an install went through. */
const installed = join(root, "node_modules", ".modules.yaml");

/** Ends the process if this Node is older than the oldest that the project supports. */
export function requireNode() {
  const wanted = readJson(join(root, "package.json")).engines.node.replace(">=", "");
  const [major, minor] = wanted.split(".").map(Number);
  const [has, hasMinor] = process.versions.node.split(".").map(Number);
  if (has > major || (has === major && hasMinor >= minor)) return;
  process.stderr.write(`Turnpike needs Node ${wanted} or newer; this is Node ${process.versions.node}.\n`);
  process.exit(1);
}

const isInstalled = () =>
  existsSync(installed) &&
  statSync(installed).mtimeMs >= statSync(lock).mtimeMs &&
  listPackages().every(({ dir }) => existsSync(join(dir, "node_modules")));

/** Installs what pnpm-lock.yaml lists, unless that is done. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  say("Installing the dependencies (the first time takes a minute) …");
  const { code } = await runPnpm(["install", "--frozen-lockfile"]);
  if (code !== 0) {
    process.stderr.write(
      "\nThe dependencies could not be installed; the reason is printed above. If it says that the lockfile is out of date,\n" +
        `a package.json was changed without it: run \`npx ${readJson(join(root, "package.json")).packageManager} install\` and commit pnpm-lock.yaml.\n`,
    );
    process.exit(code);
  }
  const now = new Date();
  utimesSync(installed, now, now);
}
