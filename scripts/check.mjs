// Everything that can be judged without running the tests. `node scripts/check.mjs lint types` runs a choice of it.
import { build } from "./lib/build.mjs";
import { ensureInstalled, requireNode } from "./lib/install.mjs";
import { say } from "./lib/process.mjs";

requireNode();
await ensureInstalled();

const { checkLayers } = await import("./check/layers.mjs");
const { checkRepository } = await import("./check/repository.mjs");
const { lint, types, unused } = await import("./check/sources.mjs");
const packages = await import("./check/packages.mjs");
const { checkImports, checkTypes } = await import("./check/consumer.mjs");
const { checkLinks, checkPackedLinks } = await import("./check/links.mjs");
const { checkSizes } = await import("./check/sizes.mjs");

/**
 * Each step returns its problems, one text each; with `warnings` and `notes` it returns an object instead.
 * `packed` steps get the tarballs that would be published.
 */
const steps = [
  { name: "repository", run: checkRepository },
  { name: "lint", run: lint },
  { name: "layers", run: checkLayers },
  { name: "types", run: types },
  { name: "unused", run: unused },
  { name: "links", run: checkLinks },
  { name: "contents", packed: true, run: packages.checkContents },
  { name: "packed links", packed: true, run: checkPackedLinks },
  { name: "publint", packed: true, run: packages.runPublint },
  { name: "attw", packed: true, run: packages.runAttw },
  { name: "imports", packed: true, run: checkImports },
  { name: "consumer", packed: true, run: checkTypes },
  { name: "sizes", packed: true, run: checkSizes },
];

const chosen = process.argv.slice(2).filter((word) => word !== "--");
const unknown = chosen.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  say(`There is no step ${unknown.join(", ")}. Steps: ${steps.map((step) => step.name).join(", ")}`);
  process.exit(1);
}

const indent = (text) => text.trimEnd().replace(/^/gm, "    ");
const failed = [];

async function runStep(name, work) {
  const start = performance.now();
  let result;
  try {
    result = await work();
  } catch (error) {
    result = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  const { problems = [], warnings = [], notes = [] } = Array.isArray(result) ? { problems: result } : (result ?? {});
  const time = `${((performance.now() - start) / 1000).toFixed(1)} s`;
  say(`${problems.length === 0 ? "ok  " : "FAIL"}  ${name.padEnd(12)}${time.padStart(7)}`);
  for (const note of notes) say(indent(note));
  for (const warning of warnings) say(indent(`warning: ${warning}`));
  for (const problem of problems) say(indent(problem));
  if (problems.length > 0) failed.push(name);
}

const wanted = steps.filter((step) => chosen.length === 0 || chosen.includes(step.name));
let shop;
try {
  for (const step of wanted) {
    if (step.packed && !shop) {
      await runStep("pack", async () => {
        if (!(await build())) return ["The packages do not build; the reason is printed above."];
        shop = await packages.pack();
      });
      if (!shop) break;
    }
    await runStep(step.name, () => step.run(shop));
  }
} finally {
  shop?.remove();
}
say(failed.length === 0 ? "Everything checked is in order." : `Not in order: ${failed.join(", ")}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
