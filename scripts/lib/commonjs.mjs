import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { listFiles } from "./workspace.mjs";

/**
 * The package for `require`, beside that for `import`: each entry as `.cjs` and its types as `.d.cts`.
 * @param modules the package's JavaScript as few ES modules that end in `.cjs` already
 */
export async function writeCommonJs({ dir, manifest }, modules) {
  const { transform } = await import("esbuild");
  const dist = join(dir, "dist");
  for (const file of listFiles(dist, [])) if (/\.(cjs|d\.cts)$/.test(file)) rmSync(file);
  for (const { path, text } of modules) {
    const place = 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;';
    const { code } = await transform(text, {
      format: "cjs",
      platform: "node",
      target: "es2022",
      // Jest has no import(). What is loaded late stays so: require() runs when its line is reached.
      supported: { "dynamic-import": false },
      define: { "import.meta.url": "moduleUrl" },
      banner: text.includes("import.meta.url") ? place : "",
      legalComments: "inline",
    });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, code);
  }
  for (const [file, text] of requiredTypes(dir, manifest)) {
    writeFileSync(file.replace(/\.ts$/, ".cts"), text.replace(RELATIVE, '$1"$2.cjs"'));
  }
}

/** The entries of a package that can be required. */
const requirable = ({ exports }) => Object.values(exports).filter((entry) => entry.require);

/** A package as few ES modules: what its entries share, and what is loaded late, stay in files of their own. */
export async function bundleModules({ dir, manifest }) {
  const { build } = await import("esbuild");
  const dist = join(dir, "dist");
  const { outputFiles } = await build({
    entryPoints: requirable(manifest).map((entry) => join(dir, entry.default)),
    outdir: dist,
    outbase: dist,
    outExtension: { ".js": ".cjs" },
    chunkNames: "lib/[name]-[hash]",
    absWorkingDir: dir,
    bundle: true,
    splitting: true,
    packages: "external",
    // A module is kept for what it does when it is loaded, too.
    ignoreAnnotations: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    legalComments: "inline",
    logLevel: "warning",
    write: false,
  });
  return outputFiles.map(({ path, text }) => ({ path, text: withoutPlaces(text) }));
}

/** Where each part comes from says nothing to who installs it, and counts in the size of the package. */
export const withoutPlaces = (text) => text.replace(/^\/\/ (?:src|dist|\.\.)\/.*\n/gm, "");

const RELATIVE = /(from |import\()"(\.[^"]+)\.js"/g;

/** The declarations that the entries lead to, by file. */
function requiredTypes(dir, manifest) {
  const found = new Map();
  const visit = (file) => {
    if (found.has(file)) return;
    const text = readFileSync(file, "utf8");
    found.set(file, text);
    for (const [, , to] of text.matchAll(RELATIVE)) visit(join(dirname(file), `${to}.d.ts`));
  };
  for (const { types } of requirable(manifest)) visit(join(dir, types));
  return found;
}
