import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { linkDependencies } from "../../../scripts/check/consumer.mjs";
import { pack } from "../../../scripts/check/packages.mjs";

const home = join(import.meta.dirname, "..");
const { resolve } = createRequire(join(home, "package.json"));
const tools = {
  tsc: join(resolve("typescript/package.json"), "../bin/tsc"),
  jest: join(resolve("jest/package.json"), "../bin/jest.js"),
};

/** A folder outside of the workspace with the packed packages in its `node_modules`, and what the apps ask for beside them. */
export type Consumer = Awaited<ReturnType<typeof pack>>;

export async function openConsumer(): Promise<Consumer> {
  const consumer = await pack();
  const { devDependencies } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  const beside = Object.entries<string>(devDependencies).filter(([name]) => !name.startsWith("@turnpike/"));
  const itself = { source: home, manifest: { dependencies: Object.fromEntries(beside) } };
  linkDependencies({ folder: consumer.folder, packed: [...consumer.packed, itself] });
  return consumer;
}

/** A way to set up TypeScript, and whether the project's own package is of ES modules. */
export interface Setting {
  readonly name: string;
  readonly type: "module" | "commonjs";
  readonly options: object;
}

export const settings: readonly Setting[] = [
  {
    name: "commonjs-node10",
    type: "commonjs",
    options: { module: "commonjs", moduleResolution: "node10", esModuleInterop: true, ignoreDeprecations: "6.0" },
  },
  { name: "node16-commonjs", type: "commonjs", options: { module: "node16" } },
  { name: "node16-modules", type: "module", options: { module: "node16" } },
  { name: "nodenext-modules", type: "module", options: { module: "nodenext" } },
  { name: "bundler", type: "module", options: { module: "esnext", moduleResolution: "bundler" } },
];

/** The apps in a folder of their own. */
export function copyApps({ folder }: Consumer, name: string, type: Setting["type"]): string {
  const app = join(folder, name);
  mkdirSync(app);
  cpSync(join(home, "apps"), app, { recursive: true });
  writeFileSync(join(app, "package.json"), JSON.stringify({ private: true, type }));
  return app;
}

/**
 * Compiles the apps as a project of this setting.
 * @returns where they are, and what TypeScript says of them
 */
export async function compile(consumer: Consumer, setting: Setting): Promise<{ app: string; problems: string }> {
  const app = copyApps(consumer, setting.name, setting.type);
  const lib = ["es2023", "dom", "dom.iterable"];
  const common = { target: "es2022", lib, types: ["node"], strict: true, skipLibCheck: true };
  writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...common, ...setting.options } }));
  const { stdout } = await runNode([tools.tsc, "--pretty", "false"], app);
  return { app, problems: stdout };
}

/** How a program ended. */
export interface Ending {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Jest as it is: with neither Babel nor Node's flag for ES modules. */
export function runJest({ folder }: Consumer, app: string): Promise<Ending> {
  const config = {
    rootDir: app,
    testMatch: ["**/*.test.cjs"],
    transform: {},
    testTimeout: 100_000,
    haste: {},
    cacheDirectory: join(folder, ".jest"),
  };
  return runNode([tools.jest, "--config", JSON.stringify(config), "--ci", "--runInBand", "--no-watchman"], app);
}

/** Runs Node with these arguments, as it is without this workspace, and waits for its end. */
export function runNode(args: readonly string[], cwd: string): Promise<Ending> {
  const { FORCE_COLOR: _, NODE_OPTIONS: __, NODE_PATH: ___, ...rest } = process.env;
  const env = { ...rest, NODE_ENV: "test" as const, NO_COLOR: "1" };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, env, timeout: 200_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? error.signal ?? "unknown") : 0, stdout, stderr });
    });
  });
}
