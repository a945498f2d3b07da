import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import type { Hex } from "viem";

const NAMES = ["OddDollar", "Permit2Double", "ExactProxyDouble"] as const;

const chainPackage = new URL("../../../../e2e/chain/", import.meta.url);

/** What runs in a contract's place, and what puts it there; constructor arguments follow the latter. */
export interface ContractCode {
  readonly runtime: Hex;
  readonly creation: Hex;
}

type Contracts = Readonly<Record<(typeof NAMES)[number], ContractCode>>;

let compiled: Promise<Contracts> | undefined;

/** Compiles the contracts that only the tests of reading a chain need, once in a process. */
export function loadOddContracts(): Promise<Contracts> {
  compiled ??= compile();
  return compiled;
}

interface Output {
  readonly errors?: { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Record<string, Record<string, { evm: Record<string, { object: string }> }>>;
}

async function compile(): Promise<Contracts> {
  const sources = NAMES.map(async (name) => {
    const content = await readFile(new URL(`contracts/${name}.sol`, chainPackage), "utf8");
    return [`${name}.sol`, { content }] as const;
  });
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(await Promise.all(sources)),
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: "cancun",
      outputSelection: { "*": { "*": ["evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
  };
  const worker = new Worker(new URL("src/lib/compile.mjs", chainPackage), {
    workerData: JSON.stringify(input),
    execArgv: [],
  });
  const [text] = (await once(worker, "message")) as [string];
  const { errors, contracts } = JSON.parse(text) as Output;
  const problems = errors?.filter(({ severity }) => severity !== "info") ?? [];
  if (problems.length > 0) throw new Error(problems.map(({ formattedMessage }) => formattedMessage).join("\n"));
  const codeOf = (name: string): ContractCode => {
    const evm = contracts?.[`${name}.sol`]?.[name]?.evm;
    return { runtime: `0x${evm?.deployedBytecode?.object}`, creation: `0x${evm?.bytecode?.object}` };
  };
  return {
    OddDollar: codeOf("OddDollar"),
    Permit2Double: codeOf("Permit2Double"),
    ExactProxyDouble: codeOf("ExactProxyDouble"),
  };
}
