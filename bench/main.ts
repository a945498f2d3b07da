// `pnpm bench`: what a payment costs, beside the bare framework and the official packages, in one run.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { compileChildren, killChildren } from "./src/children.js";
import { benchEngine } from "./src/engine.js";
import { benchImports } from "./src/imports.js";
import { describeMachine } from "./src/machine.js";
import { type Findings, reasonOf, renderTable } from "./src/report.js";
import { benchServers } from "./src/servers.js";
import { benchSizes } from "./src/sizes.js";
import { benchStreams } from "./src/streams.js";

const PARTS: Readonly<Record<string, (quick: boolean) => Promise<Findings>>> = {
  engine: benchEngine,
  servers: benchServers,
  streams: benchStreams,
  size: benchSizes,
  import: benchImports,
};

const PACKAGES = ["core", "express", "hono", "next", "fastify"];
const CHILDREN = ["engine", "official-engine", "facilitator", "lookup", "next", "express", "hono", "fastify", "load"];

const say = (text: string) => process.stdout.write(`${text}\n`);

const fail = (text: string) => {
  process.stderr.write(`${text}\n`);
  process.exit(1);
};

process.on("exit", killChildren);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

const given = process.argv.slice(2).filter((argument) => argument !== "--");
const quick = given.includes("--quick");
const parts = given.filter((argument) => argument !== "--quick");
const unknown = parts.filter((part) => !Object.hasOwn(PARTS, part));
if (unknown.length > 0) {
  fail(`Unknown: ${unknown.join(", ")}. Usage: pnpm bench -- [--quick] [${Object.keys(PARTS).join("|")}]`);
}
const missing = PACKAGES.filter((name) => !existsSync(new URL(`../packages/${name}/dist/index.js`, import.meta.url)));
if (missing.length > 0)
  fail(`Not built: ${missing.join(", ")}. Everything is measured as it is published; run: pnpm build`);

// A bare `tsc -b` leaves what is bundled outside, which costs a user several times as much to import.
const core = new URL("../packages/core/dist/", import.meta.url);
const scripts = readdirSync(core, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
if (scripts.some((name) => /from ?["'](zod|jose|@noble)/.test(readFileSync(new URL(name, core), "utf8")))) {
  fail("The engine is compiled, but what it bundles is not in it; run: pnpm build");
}

const start = performance.now();
const machine = describeMachine();
say(
  `${machine.processor}, ${machine.cores} cores, ${machine.memory}, ${machine.system}, Node ${machine.node}, load ${machine.load}\n`,
);
if (machine.load > machine.cores / 2) say("The machine is busy with something else: the figures are too high.\n");

await compileChildren(CHILDREN);
const figures: Record<string, unknown> = {};
const failures: string[] = [];
for (const [name, bench] of Object.entries(PARTS)) {
  if (parts.length > 0 && !parts.includes(name)) continue;
  try {
    const findings = await bench(quick);
    figures[name] = findings.figures;
    failures.push(...findings.failures);
    for (const table of findings.tables) say(renderTable(table));
  } catch (error) {
    failures.push(`${name}: ${reasonOf(error)}`);
  }
}

const seconds = Math.round((performance.now() - start) / 1000);
const results = new URL("results/", import.meta.url);
mkdirSync(results, { recursive: true });
const record = {
  date: new Date().toISOString(),
  quick,
  seconds,
  machine,
  loadAfter: describeMachine().load,
  figures,
  failures,
};
writeFileSync(new URL("latest.json", results), `${JSON.stringify(record, null, 2)}\n`);
say(`${seconds} s; all figures are in bench/results/latest.json`);
for (const failure of failures) process.stderr.write(`\nCould not run: ${failure}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;
