// Runs one of the project's commands from any state of the checkout: installs and builds what is missing first.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBuilt } from "./lib/build.mjs";
import { ensureInstalled, requireNode } from "./lib/install.mjs";
import { runNode, runTool, say } from "./lib/process.mjs";
import { root } from "./lib/workspace.mjs";

/** Runs a TypeScript file of a workspace folder in this Node, as a user would: against the built packages. */
async function runTypeScript(room, file, args) {
  const path = join(root, room, file);
  if (!existsSync(path)) {
    process.stderr.write(`${room}/${file} does not exist.\n`);
    return 1;
  }
  const tsx = pathToFileURL(createRequire(join(root, room, "package.json")).resolve("tsx")).href;
  const { code } = await runNode(["--import", tsx, path, ...args]);
  return code;
}

const commands = {
  demo: (args) => runTypeScript("e2e", "demo/main.ts", args),
  reliability: (args) => runTypeScript("e2e/reliability", "src/main.ts", args),
  books: (args) => runTypeScript("e2e/reliability", "src/books.ts", args),
  fuzz: (args) => runTypeScript("e2e/fuzz", "src/main.ts", args),
  bench: (args) => runTypeScript("bench", "main.ts", args),
  test: async (args) => (await runTool("vitest", "vitest", ["run", ...args])).code,
};

const [name, ...rest] = process.argv.slice(2);
const command = Object.hasOwn(commands, name ?? "") ? commands[name] : undefined;
if (!command) {
  say(`Usage: node scripts/run.mjs <${Object.keys(commands).join("|")}> [arguments]`);
  process.exit(1);
}
requireNode();
await ensureInstalled();
if (!(await ensureBuilt())) {
  process.stderr.write("\nThe packages do not build; the compiler's reasons are printed above.\n");
  process.exit(1);
}
// pnpm hands on the `--` that npm takes for itself.
process.exitCode = await command(rest[0] === "--" ? rest.slice(1) : rest);
