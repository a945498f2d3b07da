// The tarballs that would be published.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { fieldsOf, home as place } from "../lib/home.mjs";
import { run, runPnpm, runTool } from "../lib/process.mjs";
import { listFiles, listPackages, readJson } from "../lib/workspace.mjs";
import { listImports, parse } from "./imports.mjs";
import { machinePath, registryHost } from "./repository.mjs";

/** Third-party code that is bundled, so that it is no dependency. */
const bundled = /^(zod|jose|@noble\/hashes)(\/|$)/;
const allowed =
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|docs\/.*\.md|dist\/THIRD-PARTY-NOTICES\.txt|dist\/.*\.(c?js|d\.c?ts))$/;
const secrets = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----(\s|\\n)*[A-Za-z0-9+/]{20}/,
  /\b(npm_|ghp_|github_pat_|AKIA)[A-Za-z0-9_]{16,}/,
  /(private|secret)_?key["']?\s*[:=]\s*["'`](0x)?[0-9a-f]{64}/i,
];

/** Packs every public package and unpacks it into `node_modules` of an empty folder, as an install would. */
export async function pack() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "turnpike-")));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const rooms = listPackages().filter(({ manifest }) => !manifest.private);
    const filters = rooms.flatMap(({ manifest }) => ["--filter", manifest.name]);
    const { code, output } = await runPnpm([...filters, "pack", "--pack-destination", folder], { capture: true });
    if (code !== 0) throw new Error(`pnpm pack failed:\n${output}`);
    const tarballs = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
    const packed = [];
    for (const { room, dir, manifest } of rooms) {
      const file = tarballs.find(
        (name) => name === `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`,
      );
      if (!file) throw new Error(`pnpm pack made no tarball of ${manifest.name}:\n${output}`);
      const home = join(folder, "node_modules", manifest.name);
      mkdirSync(home, { recursive: true });
      const unpacked = await run("tar", ["-xzf", join(folder, file), "-C", home, "--strip-components=1"], {
        capture: true,
      });
      if (unpacked.code !== 0) throw new Error(unpacked.output);
      packed.push({
        room,
        source: dir,
        home,
        tarball: join(folder, file),
        manifest: readJson(join(home, "package.json")),
      });
    }
    return { folder, packed, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The entries of a package that code can import, by specifier. */
export const listEntries = ({ name, exports }) =>
  Object.keys(exports)
    .filter((key) => key !== "./package.json")
    .map((key) => name + key.slice(1));

/** Vitest cannot be required, and neither can what is written for it. */
export const isRequirable = ({ name, exports }, specifier) =>
  exports[specifier.replace(name, ".")].require !== undefined || name !== "@turnpike/testing";

export function checkContents({ packed }) {
  return packed.flatMap((one) =>
    [...checkManifest(one), ...checkFiles(one), ...checkReach(one)].map(
      (problem) => `${one.manifest.name}: ${problem}`,
    ),
  );
}

function checkManifest({ room, home, manifest }) {
  const problems = [];
  const expect = (condition, text) => condition || problems.push(text);
  expect(manifest.type === "module", "package.json must say type: module");
  expect(manifest.license === "MIT", "package.json must say license: MIT");
  expect(manifest.description, "package.json has no description");
  expect(manifest.keywords?.includes("x402"), "package.json has no keywords");
  const fields = fieldsOf(place, room);
  for (const name of ["homepage", "bugs", "repository"]) {
    expect(isDeepStrictEqual(manifest[name], fields[name]), `${name} is not that of scripts/lib/home.mjs`);
  }
  expect(manifest.engines?.node, "package.json does not say which Node it needs");
  expect(manifest.exports?.["./package.json"], "package.json is not exported");
  expect(!manifest.devDependencies, "devDependencies are published");
  for (const script of ["preinstall", "install", "postinstall", "prepare"]) {
    expect(!manifest.scripts?.[script], `has the script ${script}, which would run at its users`);
  }
  const dependencies = { ...manifest.dependencies, ...manifest.peerDependencies };
  if (room === "core")
    expect(Object.keys(dependencies).length === 0, `must have no dependency: ${Object.keys(dependencies)}`);
  for (const [name, range] of Object.entries(dependencies)) {
    expect(!/^(workspace|catalog|file|link):/.test(range), `${name}@${range} means nothing outside of this repository`);
  }
  for (const target of [...listTargets(manifest.exports), ...listTargets(manifest.imports)]) {
    expect(existsSync(join(home, target)), `package.json leads to ${target}, which is not packed`);
  }
  return problems;
}

const listTargets = (value) => (typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(listTargets));

function checkFiles({ home }) {
  const files = listFiles(home, []).map((file) => relative(home, file));
  const problems = ["README.md", "LICENSE"]
    .filter((name) => !files.includes(name))
    .map((name) => `${name} is not packed`);
  for (const file of files) {
    if (!allowed.test(file) || /\.(test|test-d|spec)\./.test(file)) problems.push(`${file} must not be packed`);
    const text = readFileSync(join(home, file), "utf8");
    for (const rule of [machinePath, registryHost]) {
      if (rule.test(text)) problems.push(`${file} contains ${rule.exec(text)[0]}`);
    }
    if (secrets.some((rule) => rule.test(text))) problems.push(`${file} contains what looks like a secret`);
    const map = /\/\/# sourceMappingURL=(\S+)/.exec(text)?.[1];
    if (map && !map.startsWith("data:") && !files.includes(join(dirname(file), map)))
      problems.push(`${file} names the missing map ${map}`);
  }
  return problems;
}

/** Follows code and types from every entry: whatever they import must be installed with the package. */
function checkReach({ home, manifest }) {
  const declared = [manifest.name, ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })];
  const problems = new Set();
  const seen = new Set();
  const visit = (file) => {
    if (seen.has(file) || !existsSync(file)) return;
    seen.add(file);
    const types = /\.d\.c?ts$/.test(file);
    for (const { to } of listImports(parse(file))) {
      if (to.startsWith(".")) visit(resolve(dirname(file), types ? to.replace(/\.(c?)js$/, ".d.$1ts") : to));
      else if (to.startsWith("#")) for (const target of listTargets(manifest.imports?.[to])) visit(join(home, target));
      else if (!isDeclared(to, declared))
        problems.add(`${relative(home, file)} imports ${to || "a computed name"}, which is no dependency`);
      if (types && (bundled.test(to) || /\/(zod|jose|keccak)\.c?js$/.test(to))) {
        problems.add(`${relative(home, file)}: the public types lead to ${to}, which users do not have`);
      }
    }
  };
  for (const target of listTargets(manifest.exports)) if (/\.c?[jt]s$/.test(target)) visit(join(home, target));
  return [...problems];
}

function isDeclared(specifier, declared) {
  if (specifier.startsWith("node:")) return builtinModules.includes(specifier.slice(5)) || specifier === "node:test";
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  return declared.includes(name);
}

export async function runPublint({ packed }) {
  const problems = [];
  const warnings = [];
  for (const { tarball, manifest } of packed) {
    const bytes = readFileSync(tarball);
    const { messages } = await publint({
      pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) },
      strict: true,
    });
    for (const message of messages) {
      const text = `${manifest.name}: ${formatMessage(message, manifest, { color: false })}`;
      (message.type === "suggestion" ? warnings : problems).push(text);
    }
  }
  return { problems, warnings };
}

/** Do the types resolve as the code does, however a project resolves them? */
export async function runAttw({ packed }) {
  const problems = [];
  for (const { tarball, manifest } of packed) {
    const only = listEntries(manifest).filter((entry) => !isRequirable(manifest, entry));
    const keys = only.map((entry) => entry.replace(manifest.name, "."));
    const runs =
      keys.length === 0
        ? [[]]
        : [
            ["--exclude-entrypoints", ...keys],
            ["--profile", "esm-only"],
          ];
    for (const choice of runs) {
      const args = [tarball, ...choice, "--no-definitely-typed", "--format", "ascii", "--no-emoji"];
      const { code, output } = await runTool("@arethetypeswrong/cli", "attw", args, { capture: true });
      if (code !== 0) problems.push(output);
    }
  }
  return problems;
}
