// Runs the tests under another major of Node: `node scripts/on-node.mjs 26 --project core`. The npm package `node` ships
// the binary; npx keeps it in its cache and puts it first on the PATH, so that what a test starts runs under it too.
import { run, say } from "./lib/process.mjs";

const [major, ...args] = process.argv.slice(2);
if (!/^\d+$/.test(major ?? "")) {
  say("Usage: node scripts/on-node.mjs <major> [arguments for Vitest]");
  process.exit(1);
}
const node = ["--yes", "--package", `node@${major}`, "--", "node"];
process.exitCode = (await run("npx", [...node, "scripts/run.mjs", "test", ...args])).code;
