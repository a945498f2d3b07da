import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { BUDGETS } from "./budgets.js";
import { type Cost, summarise } from "./measure.js";
import { type Findings, reasonOf, show, showBudget, showRatio } from "./report.js";

const home = fileURLToPath(new URL("..", import.meta.url));
const LIMIT = 20_000;

/** What each framework's app imports: itself, and then ours or the official packages with the scheme they need. */
const APPS: Readonly<Record<string, { own: string; ours: string; official: string | undefined }>> = {
  express: { own: "express", ours: "@turnpike/express", official: "@x402/express" },
  hono: { own: "hono", ours: "@turnpike/hono", official: "@x402/hono" },
  fastify: { own: "fastify", ours: "@turnpike/fastify", official: undefined },
  next: { own: "next/server.js", ours: "@turnpike/next", official: "@x402/next" },
};

interface Imported {
  /** Milliseconds by the clock. */
  readonly own: number;
  readonly added: number;
  /** Milliseconds of CPU. */
  readonly cpu: number;
}

/** Import times of fresh processes, in turn, so that all meet the same machine. */
export async function benchImports(quick: boolean): Promise<Findings> {
  const times = quick ? 5 : 15;
  const found = new Map<string, Imported[]>();
  const failures: string[] = [];
  for (let i = 0; i < times; i++) {
    for (const [framework, { own, ours, official }] of Object.entries(APPS)) {
      for (const [side, name] of Object.entries({ ours, official })) {
        const key = `${framework} ${side}`;
        if (name === undefined || failures.some((failure) => failure.startsWith(key))) continue;
        try {
          found.set(key, [...(found.get(key) ?? []), await importFresh(own, name)]);
        } catch (error) {
          failures.push(`${key}: ${reasonOf(error)}`);
        }
      }
    }
  }
  const middle = (key: string, read: (imported: Imported) => number): Cost | undefined =>
    found.has(key) ? summarise(found.get(key)?.map(read) ?? []) : undefined;
  const rows = Object.keys(APPS).map((framework) => {
    const [ours, official] = [`${framework} ours`, `${framework} official`];
    const added = middle(ours, (imported) => imported.added);
    const theirs = middle(official, (imported) => imported.added);
    return [
      framework,
      show(middle(ours, (imported) => imported.own)?.median),
      show(added?.median),
      added ? `${show(added.low)} – ${show(added.high)}` : "",
      show(middle(ours, (imported) => imported.cpu)?.median),
      show(theirs?.median),
      showRatio(theirs?.median, added?.median),
      showBudget(added?.median, BUDGETS.import, "ms"),
    ];
  });
  return {
    tables: [
      {
        title: "Import",
        note: `Milliseconds, the median of ${times} fresh processes: the framework, then what each side adds to it.`,
        head: ["", "framework", "ours", "middle half", "ours, CPU", "official", "official : ours", "budget"],
        rows,
      },
    ],
    figures: Object.fromEntries(found),
    failures,
  };
}

/** The official packages need a scheme beside the middleware; theirs for Next.js loads as CommonJS alone. */
function load(name: string): string {
  if (name === "@x402/next") return `require("${name}"); require("@x402/evm/exact/server");`;
  const scheme = name.startsWith("@x402/") ? `await import("@x402/evm/exact/server");` : "";
  return `await import("${name}"); ${scheme}`;
}

async function importFresh(own: string, name: string): Promise<Imported> {
  const script = `
    import { createRequire } from "node:module";
    const require = createRequire(process.cwd() + "/");
    const start = performance.now();
    await import("${own}");
    const between = performance.now();
    const cpu = process.cpuUsage();
    ${load(name)}
    const added = performance.now() - between;
    const { user, system } = process.cpuUsage(cpu);
    process.stdout.write(JSON.stringify({ own: between - start, added, cpu: (user + system) / 1000 }));
    process.exit(0);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: home,
    env: { ...process.env, NODE_OPTIONS: "" },
    timeout: LIMIT,
  });
  return JSON.parse(stdout) as Imported;
}
