// The packed packages in the hands of a user: a folder of its own with the tarballs and what they ask for beside them.
import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import ts from "typescript";
import { runNode } from "../lib/process.mjs";
import { readJson } from "../lib/workspace.mjs";
import { isRequirable, listEntries } from "./packages.mjs";

/** Entries that must work without Node: in Workers, at the edge, in a browser. */
const everywhere = (specifier) => /^@turnpike\/(core|hono)(?!\/node$)/.test(specifier);

/** Links the dependencies, the peers and their types from the workspace, where they are installed already. */
export function linkDependencies({ folder, packed }) {
  for (const { source, manifest } of packed) {
    const { devDependencies = {} } = readJson(join(source, "package.json"));
    const wanted = [
      ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
      ...Object.keys(devDependencies).filter((name) => name.startsWith("@types/")),
    ];
    for (const name of wanted) {
      const link = join(folder, "node_modules", name);
      const target = join(source, "node_modules", name);
      if (existsSync(link) || !existsSync(target)) continue;
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(realpathSync(target), link, "junction");
    }
  }
}

/** Every entry is imported and required by plain Node, each in a process that must end by itself. */
export async function checkImports(shop) {
  linkDependencies(shop);
  const problems = [];
  for (const { manifest, specifier } of shop.packed.flatMap(entriesOf)) {
    const name = JSON.stringify(specifier);
    const names = "Object.keys(all).filter((key) => !['module.exports', '__esModule'].includes(key)).sort().join()";
    const imported = await runScript(
      shop.folder,
      "probe.mjs",
      `const all = await import(${name}); process.stdout.write(${names});`,
    );
    const required = await runScript(
      shop.folder,
      "probe.cjs",
      `const all = require(${name}); process.stdout.write(${names});
       const file = require.resolve(${name});
       if (${isRequirable(manifest, specifier)} && !file.endsWith(".cjs")) throw new Error(file + " is no CommonJS");`,
    );
    if (imported.code !== 0) problems.push(`import ${name} fails:\n${imported.output}`);
    else if (required.code !== 0) problems.push(`require(${name}) fails:\n${required.output}`);
    else if (imported.output !== required.output) {
      problems.push(`${name} differs:\n  import gives  ${imported.output}\n  require gives ${required.output}`);
    }
  }
  return problems;
}

async function runScript(folder, file, code) {
  writeFileSync(join(folder, file), code);
  return runNode(["--no-warnings", file], { cwd: folder, capture: true, env: { NODE_OPTIONS: "", NODE_PATH: "" } });
}

const entriesOf = ({ manifest }) => listEntries(manifest).map((specifier) => ({ manifest, specifier }));

/** A user's TypeScript over every entry: on Node without the DOM's types, from CommonJS, and at the edge without Node's. */
export function checkTypes(shop) {
  linkDependencies(shop);
  const all = shop.packed.flatMap(entriesOf);
  const entries = all.map(({ specifier }) => specifier);
  const required = all.flatMap(({ manifest, specifier }) => (isRequirable(manifest, specifier) ? [specifier] : []));
  const node = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2023.d.ts"],
    types: ["node"],
  };
  const edge = {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.dom.asynciterable.d.ts"],
    types: [],
  };
  return [
    ...compile(shop.folder, "node.ts", entries, node),
    ...compile(shop.folder, "node.cts", required, node),
    ...compile(shop.folder, "edge.ts", entries.filter(everywhere), edge),
  ];
}

function compile(folder, name, entries, options) {
  const file = join(folder, name);
  const imports = entries.map((specifier, index) => `import * as entry${index} from ${JSON.stringify(specifier)};`);
  writeFileSync(file, `${imports.join("\n")}\nexport const all = [${entries.map((_, index) => `entry${index}`)}];\n`);
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const host = ts.createCompilerHost(options);
  host.getCurrentDirectory = () => folder;
  const program = ts.createProgram(
    [file],
    { ...options, target: ts.ScriptTarget.ES2023, strict: true, noEmit: true, skipLibCheck: false },
    host,
  );
  // Only what is ours is judged: frameworks' own declarations have faults that no adapter can mend.
  const ours = program.getSourceFiles().filter(({ fileName }) => {
    const path = fileName.split("/").join(sep);
    return path === file || path.startsWith(join(folder, "node_modules", "@turnpike") + sep);
  });
  const found = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((one) => [...program.getSyntacticDiagnostics(one), ...program.getSemanticDiagnostics(one)]),
  ];
  return found.map((one) => {
    const where = one.file
      ? `${one.file.fileName.slice(folder.length + 1)}:${one.file.getLineAndCharacterOfPosition(one.start ?? 0).line + 1} `
      : "";
    return `${name}: ${where}${ts.flattenDiagnosticMessageText(one.messageText, "\n")}`;
  });
}
