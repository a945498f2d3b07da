import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { Hex } from "viem";

const names = ["Dollar", "SmartWallet"] as const;

/** Creation code of each contract, without the encoded constructor arguments that must follow it. */
export type Contracts = Readonly<Record<(typeof names)[number], Hex>>;

const require = createRequire(import.meta.url);
const root = new URL("../../", import.meta.url);
const compiler = new URL("./compile.mjs", import.meta.url);

const settings = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: "cancun",
  outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
};

/** Gives the compiled contracts: from the cache if sources, settings and compiler are unchanged. */
export async function loadContracts(): Promise<Contracts> {
  const sources = await Promise.all(names.map((name) => readFile(new URL(`contracts/${name}.sol`, root), "utf8")));
  const { version } = require("solc/package.json") as { version: string };
  const key = createHash("sha256")
    .update(JSON.stringify([version, settings, sources]))
    .digest("hex")
    .slice(0, 16);
  const file = new URL(`.cache/contracts-${key}.json`, root);
  try {
    return JSON.parse(await readFile(file, "utf8")) as Contracts;
  } catch {
    const contracts = await compile(sources);
    await save(file, JSON.stringify(contracts));
    return contracts;
  }
}

interface Output {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, { evm: { bytecode: { object: string } } }>>;
}

async function compile(sources: string[]): Promise<Contracts> {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(names.map((name, at) => [`${name}.sol`, { content: sources[at] }])),
    settings,
  };
  // Without `execArgv` the worker would load the TypeScript loader of its parent again.
  const worker = new Worker(compiler, { workerData: JSON.stringify(input), execArgv: [] });
  const [text] = (await once(worker, "message")) as [string];
  const output = JSON.parse(text) as Output;
  const problems = output.errors?.filter((error) => error.severity !== "info") ?? [];
  if (problems.length > 0) throw new Error(problems.map((problem) => problem.formattedMessage).join("\n"));
  const code = (name: string): Hex => {
    const object = output.contracts?.[`${name}.sol`]?.[name]?.evm.bytecode.object;
    if (!object) throw new Error(`solc gave no code for ${name}`);
    return `0x${object}`;
  };
  return { Dollar: code("Dollar"), SmartWallet: code("SmartWallet") };
}

/** Writes beside the file and renames, so that another process starting now reads all of it or none of it. */
async function save(file: URL, text: string): Promise<void> {
  const draft = new URL(`${file.href}.${randomUUID()}.tmp`);
  await mkdir(new URL(".", file), { recursive: true });
  await writeFile(draft, text);
  await rename(draft, file);
}
