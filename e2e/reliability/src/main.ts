// `pnpm reliability`: what the money rules withstand. docs/reliability.md explains the figures.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startPostgres, startRedis } from "./backend.js";
import { runHistory } from "./histories.js";
import { killEverywhere } from "./kill.js";
import { tellHistory, tellKills } from "./report.js";
import { clearRoom } from "./store.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const say = (text: string) => process.stdout.write(`${text}\n`);
const given = process.argv.slice(2).filter((argument) => argument !== "--");
const quick = given.includes("--quick");
const wanted = given.filter((argument) => argument !== "--quick");

const room = `kill_${process.pid}`;
const stores: Readonly<Record<string, (directory: string, name: string) => string>> = {
  sqlite: (directory, name) => `file:${join(directory, `${name}.sqlite`)}`,
  redis: () => `redis://127.0.0.1:6379/?room=${room}`,
  postgres: () => `postgres://postgres@127.0.0.1:5432/test?room=${room}`,
};

const parts: Readonly<Record<string, () => Promise<boolean>>> = {
  kill: async () => {
    let sound = true;
    for (const [store, address] of Object.entries(stores)) {
      const told = tellKills(store, await killEverywhere(address));
      await clearRoom(address("", ""));
      say(told.text);
      sound &&= told.sound;
    }
    return sound;
  },
  histories: async () => {
    let sound = true;
    const plan = { sellers: 4, clients: 8, killEvery: quick ? 1_500 : 6_000, restartEvery: quick ? 4_000 : 25_000 };
    for (const start of [startRedis, startPostgres]) {
      const backend = await start();
      const told = tellHistory(await runHistory(backend, { ...plan, purchases: quick ? 600 : 10_000 }));
      await backend.close();
      say(told.text);
      sound &&= told.sound;
    }
    return sound;
  },
  states: () => {
    const sequences = quick ? "3000" : "100000";
    say(`state machine: ${sequences} random sequences`);
    const args = ["node_modules/vitest/vitest.mjs", "run", "--project", "testing", "packages/testing/test/model"];
    return run(args, { TURNPIKE_SEQUENCES: sequences });
  },
  streams: () => run(["scripts/run.mjs", "bench", "streams"], {}),
};

/** Runs a program of this repository; its output is part of ours. */
function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env }, stdio: "inherit" });
    child.once("close", (code) => resolve(code === 0));
  });
}

const unknown = wanted.filter((part) => !Object.hasOwn(parts, part));
if (unknown.length > 0) {
  process.stderr.write(
    `Unknown: ${unknown.join(", ")}. Usage: pnpm reliability -- [--quick] [${Object.keys(parts).join("|")}]\n`,
  );
  process.exit(1);
}
let sound = true;
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length === 0 || wanted.includes(name)) sound = (await part()) && sound;
}
say(sound ? "No rule was broken." : "A rule was broken: see above.");
process.exit(sound ? 0 : 1);
