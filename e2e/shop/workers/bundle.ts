import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import { type BuildOptions, build } from "esbuild";

const folder = import.meta.dirname;

const common: BuildOptions = {
  bundle: true,
  format: "esm",
  target: "es2022",
  conditions: ["workerd", "worker", "browser"],
  platform: "neutral",
  mainFields: ["module", "main"],
  logLevel: "warning",
};

/** Bundles the worker as a seller would upload it, and the drivers of servers, which want Node's modules of the runtime. */
export async function bundleWorker(): Promise<void> {
  await Promise.all([
    bundle("worker", { external: ["./servers.js"] }),
    bundle("servers", {
      // The first of these is for files, which this runtime has none of; the second an option of pg.
      external: ["@turnpike/sqlite", "pg-native", ...builtinModules, "node:*", "cloudflare:*"],
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire("/");' },
    }),
  ]);
}

async function bundle(name: string, options: BuildOptions): Promise<void> {
  const outfile = join(folder, ".cache", `${name}.js`);
  const entryPoints = [join(folder, `${name}.ts`)];
  const { outputFiles } = await build({ ...common, ...options, entryPoints, outfile, write: false });
  // In one step, since another shop may be starting beside this one.
  const draft = `${outfile}.${process.pid}`;
  mkdirSync(dirname(outfile), { recursive: true });
  writeFileSync(draft, outputFiles?.[0]?.contents ?? "");
  renameSync(draft, outfile);
}
