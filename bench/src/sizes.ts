import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { BUDGETS } from "./budgets.js";
import { startChild } from "./children.js";
import { type Findings, show, showBudget, showRatio, type Table } from "./report.js";

const home = fileURLToPath(new URL("..", import.meta.url));
const KB = 1024;
const MB = 1024 * KB;

export async function benchSizes(): Promise<Findings> {
  const edge = await measureEdge();
  const installed = { ours: await measureInstalled(), official: measureOfficial() };
  const engine = await startChild("engine");
  const headers = await engine.ask<{ one: number; two: number }>("headers").finally(() => engine.stop());
  return {
    tables: [edgeTable(edge), sizeTable(installed, headers)],
    figures: { edge, installed, headers },
    failures: [],
  };
}

interface Bundle {
  /** Bytes that load at once, minified; and the same by gzip. */
  readonly bytes: number;
  readonly gzip: number;
  /** Node's modules that any of it asks for. */
  readonly node: readonly string[];
}

const BUNDLES = {
  "all that engine and adapter export": ['export * from "@turnpike/core"', 'export * from "@turnpike/hono"'],
  "one import: paywall": ['export { paywall } from "@turnpike/hono"'],
  "official: middleware, server, exact, client": [
    'export { paymentMiddleware, x402ResourceServer } from "@x402/hono"',
    'export { HTTPFacilitatorClient } from "@x402/core/server"',
    'export { ExactEvmScheme } from "@x402/evm/exact/server"',
  ],
} as const;

async function measureEdge(): Promise<Record<string, Bundle>> {
  const entries = Object.entries(BUNDLES);
  return Object.fromEntries(await Promise.all(entries.map(async ([name, lines]) => [name, await bundle(lines)])));
}

/** As an edge runtime loads it; Hono itself is the app's own. */
async function bundle(lines: readonly string[]): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: lines.join("\n"), resolveDir: home, sourcefile: "edge.js" },
    absWorkingDir: home,
    outdir: "edge",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "import"],
    external: ["hono", "hono/*", "node:*", ...builtinModules],
    target: "es2022",
    minify: true,
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const eager = new Set<string>();
  const node = new Set<string>();
  const visit = (path: string) => {
    if (eager.has(path)) return;
    eager.add(path);
    for (const { path: next, kind, external } of metafile.outputs[path]?.imports ?? []) {
      if (external && builtinModules.includes(next.replace(/^node:/, ""))) node.add(next);
      else if (kind === "import-statement" && !external) visit(next);
    }
  };
  const entry = Object.keys(metafile.outputs).find((path) => metafile.outputs[path]?.entryPoint);
  if (entry === undefined) throw new Error("The edge bundle has no entry");
  visit(entry);
  const chunks = outputFiles.filter(({ path }) => [...eager].some((one) => path.endsWith(one)));
  const code = Buffer.concat(chunks.map(({ contents }) => contents));
  return { bytes: code.length, gzip: gzipSync(code, { level: 9 }).length, node: [...node] };
}

function edgeTable(edge: Record<string, Bundle>): Table {
  const first = Object.values(edge)[0];
  return {
    title: "At the edge: engine and Hono adapter",
    note: "KB that load at once, as esbuild bundles them for workerd, minified; and by gzip. Hono itself is left out.",
    head: ["", "minified", "gzip", ": ours", "Node modules", "budget"],
    rows: Object.entries(edge).map(([name, { bytes, gzip, node }], i) => [
      name,
      show(bytes / KB),
      show(gzip / KB),
      showRatio(gzip, first?.gzip),
      node.length > 0 ? node.join(" ") : "none",
      i === 0 ? showBudget(node.length > 0 ? Number.POSITIVE_INFINITY : gzip / KB, BUDGETS.edge, "KB") : "",
    ]),
  };
}

interface ScriptTools {
  run(command: string, args: string[], options: { capture: boolean }): Promise<{ code: number; output: string }>;
  runPnpm(args: string[], options: { capture: boolean }): Promise<{ code: number; output: string }>;
}

/** Bytes of what would be published of the engine and the Express adapter, which have no other dependency. */
async function measureInstalled(): Promise<number> {
  const tools = (await import(new URL("../../scripts/lib/process.mjs", import.meta.url).href)) as ScriptTools;
  const folder = mkdtempSync(join(tmpdir(), "turnpike-bench-"));
  try {
    const names = ["@turnpike/core", "@turnpike/express"];
    const filters = names.flatMap((name) => ["--filter", name]);
    const packed = await tools.runPnpm([...filters, "pack", "--pack-destination", folder], { capture: true });
    const tarballs = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
    if (tarballs.length !== names.length) throw new Error(`pnpm pack failed: ${packed.output}`);
    for (const tarball of tarballs) {
      const into = join(folder, tarball.replace(/\.tgz$/, ""));
      mkdirSync(into);
      const { code, output } = await tools.run("tar", ["-xzf", join(folder, tarball), "-C", into], { capture: true });
      if (code !== 0) throw new Error(output);
      rmSync(join(folder, tarball));
    }
    return sizeOf(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Bytes of the official Express middleware and its EVM scheme with all that they depend on and Express does not. */
function measureOfficial(): number {
  const express = closure(["express"]);
  const official = [...closure(["@x402/express", "@x402/evm"])].filter((folder) => !express.has(folder));
  return official.reduce((sum, folder) => sum + sizeOf(folder), 0);
}

/** The folders of packages and of all their dependencies, as they are installed here. */
function closure(names: readonly string[]): Set<string> {
  const folders = new Set<string>();
  const visit = (name: string, from: string) => {
    const folder = find(name, from);
    if (folder === undefined || folders.has(folder)) return;
    folders.add(folder);
    const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    for (const dependency of Object.keys(dependencies ?? {})) visit(dependency, folder);
  };
  for (const name of names) visit(name, home);
  return folders;
}

function find(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    try {
      return realpathSync(join(folder, "node_modules", name));
    } catch {
      if (folder === dirname(folder)) return undefined;
    }
  }
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? sum : sum + sizeOf(path);
    return entry.isFile() ? sum + statSync(path).size : sum;
  }, 0);
}

function sizeTable(
  installed: { readonly ours: number; readonly official: number },
  headers: { readonly one: number; readonly two: number },
): Table {
  const mb = (bytes: number) => `${show(bytes / MB)} MB`;
  return {
    title: "Sizes",
    note: "What an Express app gets, and what a client gets.",
    head: ["", "ours", "official", "official : ours", "budget"],
    rows: [
      [
        "installed beside Express",
        mb(installed.ours),
        mb(installed.official),
        showRatio(installed.official, installed.ours),
        showBudget(installed.ours / MB, BUDGETS.installed, "MB"),
      ],
      ["PAYMENT-REQUIRED, one network", `${headers.one} B`, "", "", showBudget(headers.one, BUDGETS.header, "B")],
      ["PAYMENT-REQUIRED, two networks", `${headers.two} B`, "", "", showBudget(headers.two, BUDGETS.header, "B")],
    ],
  };
}
