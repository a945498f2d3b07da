import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { bundleModules, withoutPlaces, writeCommonJs } from "./commonjs.mjs";
import { docsOf, home } from "./home.mjs";
import { findPackage, runTool } from "./process.mjs";
import { listFiles, listPackages, readJson, root } from "./workspace.mjs";

const core = join(root, "packages", "core");
/** Files of the core that stand for a package; consumers get the used parts of it, not the package. */
const bundles = { "lib/zod": "zod", "lib/jose": "jose", "lib/keccak": "@noble/hashes" };
const stamp = join(root, ".cache", "built");

/** Builds if an output is missing or a source is newer than the last build. */
export async function ensureBuilt() {
  return isFresh() || build();
}

/**
 * TypeScript's output of every package, with the third-party code of the core bundled into it, and the same for `require`.
 * @returns whether everything could be built
 */
export async function build() {
  const start = new Date();
  const { code } = await runTool("typescript", "tsc", ["-b"]);
  if (code !== 0) return false;
  removeStale();
  // Chunks are named by what is in them, so those of an earlier build stay behind.
  for (const file of listFiles(join(core, "dist"), [])) if (file.endsWith(".js")) rmSync(file);
  await bundleCore();
  await Promise.all(
    listPackages()
      .filter(({ manifest }) => manifest.main)
      .map(async (one) =>
        writeCommonJs(one, one.dir === core ? await bundle({ ".js": ".cjs" }) : await bundleModules(one)),
      ),
  );
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, "");
  // What was edited while the build ran is newer than the build.
  utimesSync(stamp, start, start);
  return true;
}

function isFresh() {
  if (!existsSync(stamp)) return false;
  const built = statSync(stamp).mtimeMs;
  const sources = listPackages().flatMap(({ dir }) => [
    ...listFiles(join(dir, "src")),
    join(dir, "package.json"),
    join(dir, "tsconfig.json"),
  ]);
  const shared = [
    "tsconfig.base.json",
    "tsconfig.json",
    "pnpm-lock.yaml",
    "scripts/lib/build.mjs",
    "scripts/lib/commonjs.mjs",
    "scripts/lib/home.mjs",
  ].map((name) => join(root, name));
  return (
    [...sources, ...shared].every((file) => statSync(file).mtimeMs < built) &&
    listPackages().every(({ dir }) => existsSync(join(dir, "dist", "index.js")))
  );
}

/** `tsc -b` leaves the output of a removed source behind, and it would be published. */
function removeStale() {
  for (const { dir } of listPackages()) {
    for (const file of listFiles(join(dir, "dist"), [])) {
      const match = /^(.*?)(\.d\.ts|\.js)$/.exec(relative(join(dir, "dist"), file));
      if (match && !["ts", "tsx"].some((end) => existsSync(join(dir, "src", `${match[1]}.${end}`)))) rmSync(file);
    }
  }
}

/** What the core's package holds beside TypeScript's declarations: its code, and the licences of what is bundled into it. */
async function bundleCore() {
  for (const { path, text } of await bundle()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const notices = [];
  for (const [name, dependency] of Object.entries(bundles)) {
    // Whatever is public must not lead here: the types are those of a package that users do not have.
    writeFileSync(join(core, "dist", `${name}.d.ts`), "export {};\n");
    const folder = findPackage(dependency, core);
    const licence = ["LICENSE", "LICENSE.md"].map((file) => join(folder, file)).find((file) => existsSync(file));
    const { version, license } = readJson(join(folder, "package.json"));
    const text = licence ? readFileSync(licence, "utf8").trim() : `Licence: ${license}`;
    notices.push(`dist holds parts of ${dependency} ${version}:\n\n${text}\n`);
  }
  writeFileSync(join(core, "dist", "THIRD-PARTY-NOTICES.txt"), notices.join(`\n${"-".repeat(72)}\n\n`));
}

/**
 * The core's JavaScript: its entries and what they share, in a few files, with the used parts of zod, jose and noble in
 * them. As one file for each source it took 30 ms to import, this way it takes under 10.
 */
async function bundle(outExtension = {}) {
  const { build: esbuild } = await import("esbuild");
  const { exports: entries, imports } = readJson(join(core, "package.json"));
  const sources = [...Object.values(entries), ...Object.values(imports)]
    .flatMap((entry) => Object.values(entry["@turnpike/source"] ? { source: entry["@turnpike/source"] } : {}))
    .flatMap((source) => (typeof source === "string" ? source : Object.values(source)));
  const { outputFiles } = await esbuild({
    entryPoints: [...new Set(sources)].map((source) => join(core, source)),
    outdir: join(core, "dist"),
    outbase: join(core, "src"),
    outExtension,
    ...(home.files && { define: { TURNPIKE_DOCS: JSON.stringify(docsOf(home)) } }),
    chunkNames: "lib/[name]-[hash]",
    absWorkingDir: core,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    external: ["node:*", ...Object.keys(imports)],
    target: "es2022",
    treeShaking: true,
    legalComments: "inline",
    logLevel: "warning",
    write: false,
  });
  return outputFiles.map(({ path, text }) => ({ path, text: withoutPlaces(text) }));
}
