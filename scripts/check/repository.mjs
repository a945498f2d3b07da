// What no file of the repository may contain.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { run } from "../lib/process.mjs";
import { isTest, root } from "../lib/workspace.mjs";

const MAX_LINES = 350;

const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const anyOf = (words) => `(${words.join("|")})`;

// The words are put together here, so that this file does not find itself.
const hosts = ["npmjs", "yarnpkg", "npmmirror"].map((name) => `registry\\.${name}\\.\\w+`);
const homes = ["/ro" + "ot/\\.", "/ho" + "me/", "/Us" + "ers/", "/tm" + "p/", "C:\\\\Us" + "ers"].map(
  (path) => `(?<![\\w.-])${path}`,
);
/** Only folders that cannot be the path of a route in a test are looked for by their own name. */
const own = [root, homedir()].filter((path) => path.split(/[\\/]/).length > 2).map(literally);

export const machinePath = new RegExp(anyOf([...homes, ...own]));
export const registryHost = new RegExp(anyOf([...hosts, "npm\\.pkg\\.github\\.com"]));
const unfinished = new RegExp(`\\b${anyOf(["TO" + "DO", "FIX" + "ME", "XX" + "X"])}\\b`);
const narrowed = /\b(it|test|describe|suite|bench)(\.\w+)*\.(only|skip|todo)\b/;

const isSource = (file) => /\.([cm]?[jt]sx?|json|sol|sh|ya?ml)$/.test(file);
const isText = (bytes) => !bytes.subarray(0, 8000).includes(0);

export async function checkRepository() {
  const { code, output } = await run(
    "git",
    ["-c", `safe.directory=${root}`, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { capture: true },
  );
  if (code !== 0) return [`git cannot list the files: ${output.trim()}`];
  const problems = [];
  const warnings = [];
  for (const file of output.split("\0").filter((name) => name !== "" && existsSync(join(root, name)))) {
    const bytes = readFileSync(join(root, file));
    if (!isText(bytes)) continue;
    const lines = bytes.toString("utf8").split("\n");
    const find = (rule, what) => {
      for (const [index, line] of lines.entries()) {
        const match = rule.exec(line);
        if (match) problems.push(`${file}:${index + 1} contains ${what}: ${match[0]}`);
      }
    };
    find(machinePath, "a path of one machine");
    find(registryHost, "the host of a package registry");
    if (isSource(file)) find(unfinished, "a note of unfinished work");
    if (isTest(file)) find(narrowed, "a test that is skipped or narrows the run");
    if (/^packages\/[^/]+\/src\//.test(file) && lines.length - 1 > MAX_LINES) {
      warnings.push(`${file} has ${lines.length - 1} lines; above ${MAX_LINES} it is likely two ideas`);
    }
  }
  return { problems, warnings };
}
