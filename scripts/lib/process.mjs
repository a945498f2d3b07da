import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { readJson, root } from "./workspace.mjs";

export const say = (text) => process.stdout.write(`${text}\n`);

/** What a plain terminal program prints, without its colours. */
const quiet = { NO_COLOR: "1", FORCE_COLOR: undefined };

/**
 * Runs a program. With `capture`, its output is collected instead of shown. Stop signals are handed on, so that nothing
 * outlives its parent.
 * @returns its exit code (128 and more for a signal, 127 if it cannot be started) and the collected output
 */
export function run(command, args, { cwd = root, env = {}, capture = false } = {}) {
  return new Promise((resolve) => {
    const output = [];
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...(capture ? quiet : {}), ...env },
      stdio: capture ? ["ignore", "pipe", "pipe"] : "inherit",
    });
    child.stdout?.on("data", (chunk) => output.push(chunk));
    child.stderr?.on("data", (chunk) => output.push(chunk));
    const pass = (signal) => child.kill(signal);
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, pass);
    const end = (code) => {
      for (const signal of signals) process.off(signal, pass);
      resolve({ code, output: Buffer.concat(output).toString("utf8") });
    };
    child.once("error", (error) => {
      output.push(Buffer.from(`${command} cannot be started: ${error.message}\n`));
      if (!capture) process.stderr.write(`${command} cannot be started: ${error.message}\n`);
      end(127);
    });
    child.once("close", (code, signal) =>
      end(signal ? ({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[signal] ?? 137) : code),
    );
  });
}

/** Runs Node itself. */
export const runNode = (args, options) => run(process.execPath, args, options);

/** Runs the command of an installed package, as found from `from`. */
export function runTool(name, bin, args, options = {}) {
  const file = findPackage(name, options.from);
  const { bin: bins } = readJson(join(file, "package.json"));
  return runNode([join(file, typeof bins === "string" ? bins : bins[bin]), ...args], options);
}

/** The folder of an installed package; packages that hide their package.json are found as well. */
export function findPackage(name, from = root) {
  const folders = createRequire(join(from, "package.json")).resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      readJson(join(folder, name, "package.json"));
      return join(folder, name);
    } catch {}
  }
  throw new Error(`${name} is not installed. Run: npm test, or pnpm install`);
}

/** Runs the pnpm that package.json names: the one that runs us if it is the same, else through npx. */
export function runPnpm(args, options = {}) {
  const [, version] = readJson(join(root, "package.json")).packageManager.split("@");
  const { npm_execpath: current, npm_config_user_agent: agent } = process.env;
  if (current && agent?.startsWith(`pnpm/${version} `)) {
    return /\.[cm]?js$/.test(current) ? runNode([current, ...args], options) : run(current, args, options);
  }
  const windows = process.platform === "win32";
  const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ""}`;
  return run(windows ? "npx.cmd" : "npx", ["--yes", "--package", `pnpm@${version}`, "--", "pnpm", ...args], {
    ...options,
    env: { PATH: path, ...options.env },
  });
}
