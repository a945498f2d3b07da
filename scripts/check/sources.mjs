import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { runTool } from "../lib/process.mjs";
import { root } from "../lib/workspace.mjs";

const problemsOf = ({ code, output }) => (code === 0 ? [] : [output.trim() || `ended with exit code ${code}`]);

export async function lint() {
  return problemsOf(
    await runTool(
      "@biomejs/biome",
      "biome",
      ["ci", "--colors=off", "--diagnostic-level=warn", "--max-diagnostics=60", "."],
      { capture: true },
    ),
  );
}

/** Packages, then tests and everything else, then the apps that bring a tsconfig.json of their own. */
export async function types() {
  const compile = (...args) => runTool("typescript", "tsc", [...args, "--pretty", "false"], { capture: true });
  const problems = problemsOf(await compile("-b"));
  if (problems.length > 0) return problems;
  for (const project of ["tsconfig.test.json", ...listApps()]) {
    problems.push(...problemsOf(await compile("--noEmit", "-p", join(root, project))));
  }
  return problems;
}

const listApps = () =>
  ["examples", "e2e/shop"]
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, "tsconfig.json")))
    .filter((file) => existsSync(file))
    .map((file) => relative(root, file));

/** Files, exports and dependencies that nobody uses. */
export async function unused() {
  return problemsOf(await runTool("knip", "knip", ["--no-progress"], { capture: true }));
}
