import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { findPackage, runTool } from "./process.mjs";
import { isTest, listFiles, listPackages, readJson, root } from "./workspace.mjs";

const core = join(root, "packages", "core");
/** Files of the core that stand for a package; consumers get the used parts of it, not the package. */
const bundles = { "lib/zod": "zod", "lib/jose": "jose", "lib/keccak": "@noble/hashes" };
const stamp = join(root, ".cache", "built");

/** Builds if an output is missing or a source is newer than the last build. */
export async function ensureBuilt() {
  return isFresh() || build();
}

/**
 * TypeScript's output of every package, with the third-party code of the core bundled into it.
 * @returns whether everything could be built
 */
export async function build() {
  const start = new Date();
  const { code } = await runTool("typescript", "tsc", ["-b"]);
  if (code !== 0) return false;
  removeStale();
  if (!(await bundle())) return false;
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
  const shared = ["tsconfig.base.json", "tsconfig.json", "pnpm-lock.yaml", "scripts/lib/build.mjs"].map((name) =>
    join(root, name),
  );
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

async function bundle() {
  const { build: esbuild } = await import("esbuild");
  const notices = [];
  for (const [name, dependency] of Object.entries(bundles)) {
    const source = join(core, "src", `${name}.ts`);
    if (!existsSync(source)) {
      const user = listFiles(join(core, "src")).find(
        (file) => !isTest(file) && readFileSync(file, "utf8").includes(`/${name.slice(4)}.js"`),
      );
      if (!user) continue;
      process.stderr.write(`${relative(root, user)} imports ${relative(root, source)}, which does not exist.\n`);
      return false;
    }
    await esbuild({
      entryPoints: [source],
      outfile: join(core, "dist", `${name}.js`),
      absWorkingDir: core,
      bundle: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["import"],
      target: "es2022",
      treeShaking: true,
      minifyWhitespace: true,
      minifySyntax: true,
      legalComments: "inline",
      logLevel: "warning",
    });
    // Whatever is public must not lead here: the types are those of a package that users do not have.
    writeFileSync(join(core, "dist", `${name}.d.ts`), "export {};\n");
    const home = findPackage(dependency, core);
    const licence = ["LICENSE", "LICENSE.md"].map((file) => join(home, file)).find((file) => existsSync(file));
    const { version, license } = readJson(join(home, "package.json"));
    const text = licence ? readFileSync(licence, "utf8").trim() : `Licence: ${license}`;
    notices.push(`dist/${name}.js holds parts of ${dependency} ${version}:\n\n${text}\n`);
  }
  writeFileSync(join(core, "dist", "THIRD-PARTY-NOTICES.txt"), notices.join(`\n${"-".repeat(72)}\n\n`));
  return true;
}
