// Who may import whom, and what adapters may not contain. The two tables below are the rule; docs/ explains it.
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import ts from "typescript";
import { isTest, listFiles, root } from "../lib/workspace.mjs";
import { lineOf, listImports, parse, walk } from "./imports.mjs";

/** Folders of packages/core/src/lib, each with those that it may import besides itself. */
const layers = {
  protocol: [],
  pricing: ["protocol"],
  config: ["protocol", "pricing"],
  schemes: ["protocol", "pricing"],
  chain: ["protocol", "pricing", "schemes"],
  ledger: ["protocol", "pricing", "schemes"],
  facilitator: ["protocol", "pricing", "schemes"],
  paywall: ["protocol", "pricing", "config", "schemes", "chain", "ledger", "facilitator"],
  table: ["protocol", "pricing", "config", "schemes", "chain", "ledger", "facilitator", "paywall"],
  incoming: [],
  fetch: ["incoming", "protocol", "pricing", "config", "schemes", "chain", "ledger", "facilitator", "paywall", "table"],
  node: ["incoming", "protocol", "pricing", "config", "schemes", "chain", "ledger", "facilitator", "paywall", "table"],
};

/** Files of the core that describe what others do: they import types of every layer, and hold nothing but types. */
const descriptions = ["config.ts", "prices.ts", "seam.ts"];
/** Files of the core that stand for a package, which the build bundles: the only ones to import it. */
const vendors = { "zod.ts": ["zod/mini"], "jose.ts": ["jose"], "keccak.ts": ["@noble/hashes/sha3.js"] };
/** The wire format stands alone. */
const protocolMay = ["errors.ts", ...Object.keys(vendors)];
/** The only files of the core that may know Node. */
const nodeOnly = /^(node\.ts|lib\/node\/.*|lib\/facilitator\/node-transport\.ts)$/;
/** What only some runtimes have, and the core must not use by name. */
const runtimeGlobals = [
  "Buffer",
  "process",
  "setImmediate",
  "clearImmediate",
  "__dirname",
  "__filename",
  "require",
  "window",
  "document",
];

/** Packages beside the core, with the packages that they may import. */
const rooms = {
  express: { adapter: true, may: [/^@turnpike\/core(\/|$)/, /^express$/, /^node:/] },
  hono: { adapter: true, may: [/^@turnpike\/core(\/|$)/, /^hono(\/|$)/] },
  next: { adapter: true, may: [/^@turnpike\/core(\/|$)/, /^next(\/|$)/] },
  // find-my-way is Fastify's own router.
  fastify: {
    adapter: true,
    may: [/^@turnpike\/core(\/|$)/, /^fastify$/, /^fastify-plugin$/, /^find-my-way$/, /^node:/],
  },
  evm: { may: [/^@turnpike\/core(\/|$)/, /^viem(\/|$)/, /^node:/] },
  sqlite: { may: [/^@turnpike\/core(\/|$)/, /^libsql$/, /^node:/] },
  redis: { may: [/^@turnpike\/core(\/|$)/, /^redis$/, /^ioredis$/, /^node:/] },
  postgres: { may: [/^@turnpike\/core(\/|$)/, /^pg$/, /^postgres$/, /^node:/] },
  "durable-objects": { may: [/^@turnpike\/core(\/|$)/, /^cloudflare:workers$/] },
  opentelemetry: { may: [/^@turnpike\/core(\/|$)/, /^@opentelemetry\/api$/] },
  cli: {
    may: [/^@turnpike\/(core|evm|postgres|redis|sqlite)(\/|$)/, /^commander$/, /^(libsql|pg|redis)$/, /^node:/],
  },
};
const headerName = /\b(x-payment(-response)?|payment-(required|signature|response))\b/i;
const facilitatorCalls = ["verify", "settle", "supported"];

export function checkLayers() {
  return [...checkCore(), ...Object.entries(rooms).flatMap(([room, rule]) => checkRoom(room, rule))];
}

const listSources = (room) => {
  const src = join(root, "packages", room, "src");
  return listFiles(src)
    .filter((file) => /\.tsx?$/.test(file) && !isTest(file))
    .map((file) => ({ file, name: relative(src, file).split(sep).join("/"), tree: parse(file) }));
};

function checkCore() {
  const sources = listSources("core");
  const src = join(root, "packages", "core", "src");
  const problems = [];
  const graph = new Map();
  for (const { file, name, tree } of sources) {
    const report = (line, text) => problems.push(`packages/core/src/${name}:${line} ${text}`);
    const edges = [];
    const layer = /^lib\/([^/]+)\//.exec(name)?.[1];
    if (layer && !layers[layer]) report(1, `lies in ${layer}/, a layer that scripts/check/layers.mjs does not know`);
    for (const found of listImports(tree)) {
      if (!found.to.startsWith(".")) {
        const fault = judgePackage(name, found.to, found.typeOnly);
        if (fault) report(found.line, fault);
        continue;
      }
      const target = relative(src, resolve(dirname(file), found.to))
        .split(sep)
        .join("/")
        .replace(/\.js$/, ".ts");
      const fault = judgeFile(name, target, found.typeOnly);
      if (fault) report(found.line, fault);
      if (!found.typeOnly && !found.lazy) edges.push(target);
    }
    graph.set(name, edges);
    if (descriptions.some((one) => name === `lib/${one}`) && !tree.statements.every(leavesNoCode)) {
      report(1, "holds code; it describes what others do, in types only");
    }
    if (!nodeOnly.test(name)) {
      for (const { global, line } of listGlobals(tree)) report(line, `uses ${global}, which not every runtime has`);
    }
  }
  return [...problems, ...findCycles(graph)];
}

function judgePackage(from, to, typeOnly) {
  // Node's messages by their shape: edge bundles may hold this, since it imports nothing of Node.
  if (to.startsWith("node:") && typeOnly && from.startsWith("lib/incoming/")) return undefined;
  if (to.startsWith("node:")) return nodeOnly.test(from) ? undefined : `imports ${to}; only the core's Node files may`;
  if (to === "#transport")
    return from.startsWith("lib/facilitator/") ? undefined : "imports #transport; only lib/facilitator may";
  const own = vendors[from.replace(/^lib\//, "")];
  return own?.includes(to) ? undefined : `imports the package ${to || "of a computed name"}`;
}

function judgeFile(from, to, typeOnly) {
  if (!to.startsWith("lib/")) return `imports ${to}; entries are for users`;
  if (!existsSync(join(root, "packages", "core", "src", to))) return `imports ${to}, which does not exist`;
  if (nodeOnly.test(to) && !nodeOnly.test(from)) return `imports ${to}, which runs on Node only`;
  if (!from.startsWith("lib/")) return undefined;
  const [source, target] = [from, to].map((name) => name.slice(4));
  const [layer, below] = [source, target].map((name) => (name.includes("/") ? name.split("/")[0] : undefined));
  if (below && !layers[below]) return `imports ${to}, which is in no known layer`;
  if (layer && !layers[layer]) return undefined;
  if (layer === undefined) {
    if (below === undefined || (typeOnly && (descriptions.includes(source) || below === "protocol"))) return undefined;
    return `imports ${target}; files beside the layers are below all of them`;
  }
  if (below === undefined) {
    if (layer === "protocol" && !protocolMay.includes(target)) return `imports ${target}; the wire format stands alone`;
    return descriptions.includes(target) && !typeOnly ? `imports a value from ${target}, which holds types` : undefined;
  }
  return layer === below || layers[layer].includes(below)
    ? undefined
    : `imports ${target}; ${layer} may not import ${below}`;
}

const leavesNoCode = (statement) =>
  ts.isInterfaceDeclaration(statement) ||
  ts.isTypeAliasDeclaration(statement) ||
  ts.isImportDeclaration(statement) ||
  (ts.isExportDeclaration(statement) && statement.isTypeOnly);

function listGlobals(tree) {
  const found = [];
  walk(tree, (node) => {
    if (!ts.isIdentifier(node) || !runtimeGlobals.includes(node.text)) return;
    const { parent } = node;
    const isMember = "name" in parent && parent.name === node;
    if (!isMember && !ts.isBindingElement(parent)) found.push({ global: node.text, line: lineOf(node) });
  });
  return found;
}

function findCycles(graph) {
  const done = new Set();
  const cycles = [];
  const visit = (name, path) => {
    if (path.includes(name)) cycles.push([...path.slice(path.indexOf(name)), name].join(" → "));
    if (done.has(name) || path.includes(name)) return;
    for (const next of graph.get(name) ?? []) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of graph.keys()) visit(name, []);
  return [...new Set(cycles)].map((cycle) => `packages/core/src: modules import each other: ${cycle}`);
}

function checkRoom(room, { may, adapter }) {
  return listSources(room).flatMap(({ name, tree }) => {
    const problems = [];
    const report = (line, text) => problems.push(`packages/${room}/src/${name}:${line} ${text}`);
    for (const { to, line } of listImports(tree)) {
      if (!to.startsWith(".") && !may.some((rule) => rule.test(to))) report(line, `imports ${to || "a computed name"}`);
    }
    if (adapter) walk(tree, (node) => judgeAdapter(node, (text) => report(lineOf(node), text)));
    return problems;
  });
}

/** Adapters hold no protocol: what a rule of x402 needs is the engine's to know. */
function judgeAdapter(node, report) {
  if (ts.isNumericLiteral(node) && node.text === "402") report("contains the status 402");
  if (
    (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) &&
    headerName.test(node.text)
  ) {
    report(`contains the header name ${headerName.exec(node.text)[0]}`);
  }
  if (ts.isCallExpression(node)) {
    const { expression } = node;
    const method = ts.isPropertyAccessExpression(expression) ? expression.name.text : undefined;
    if (facilitatorCalls.includes(method)) report(`calls .${method}(), as if it talked to a facilitator`);
    if (ts.isIdentifier(expression) && expression.text === "fetch") report("calls fetch()");
  }
}
