// How much a user gets, against the budgets of the design.
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { listFiles } from "../lib/workspace.mjs";

const KB = 1024;
/**
 * Bytes of an unpacked package. Generous: they are to catch what was packed by mistake. Each has its code and its types
 * twice, for `import` and for `require`; the core has the docs besides.
 */
const unpacked = { core: 1800 * KB, testing: 600 * KB };
const unpackedAdapter = 250 * KB;
/** The engine and the Hono adapter as an edge runtime loads them, minified, by gzip: what is aimed at, and the limit. */
const edgeBudget = 20 * KB;
const edgeLimit = 70 * KB;

const show = (bytes) => `${(bytes / KB).toFixed(1)} KB`;

export async function checkSizes({ folder, packed }) {
  const notes = [];
  const problems = [];
  const judge = (what, size, budget) => {
    notes.push(`${what.padEnd(34)}${show(size).padStart(10)} of ${show(budget)}`);
    if (size > budget) problems.push(`${what} is ${show(size)}, above its budget of ${show(budget)}`);
  };
  for (const { room, home, manifest } of packed) {
    const size = listFiles(home, []).reduce((sum, file) => sum + statSync(file).size, 0);
    judge(`${manifest.name}, unpacked`, size, unpacked[room] ?? unpackedAdapter);
  }
  const edge = await measureEdge(folder);
  judge("core + hono at the edge, gzip", edge, edgeLimit);
  const warnings = edge > edgeBudget ? [`the edge bundle is to be ${show(edgeBudget)} at most`] : [];
  return { notes, problems, warnings };
}

/** What loads at once; code behind a dynamic import is left out. A Node module in it fails the bundling. */
async function measureEdge(folder) {
  const entry = join(folder, "edge.js");
  writeFileSync(entry, 'export { paid, paywall } from "@turnpike/hono";\n');
  const { metafile, outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: folder,
    outdir: join(folder, "out"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    conditions: ["workerd", "import"],
    external: ["hono", "hono/*"],
    target: "es2022",
    minify: true,
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const eager = new Set();
  const visit = (path) => {
    if (eager.has(path)) return;
    eager.add(path);
    for (const one of metafile.outputs[path]?.imports ?? [])
      if (one.kind === "import-statement" && !one.external) visit(one.path);
  };
  visit("out/edge.js");
  const chunks = outputFiles.filter(({ path }) => eager.has(path.slice(folder.length + 1).replaceAll("\\", "/")));
  return gzipSync(Buffer.concat(chunks.map(({ contents }) => contents)), { level: 9 }).length;
}
