// `pnpm fuzz`: random apps and raw requests; the framework without a paywall says what runs, with it nothing priced may.
import { runFuzz } from "./fuzz.js";

const usage = "Usage: pnpm fuzz -- [--adapter express|express4|hono|fastify] [--requests 300000] [--seed 7]\n";
const options = { adapter: "", requests: "300000", seed: String(Date.now() % 2 ** 31) };
const given = process.argv.slice(2).filter((argument) => argument !== "--");
for (let at = 0; at < given.length; at += 2) {
  const name = given[at]?.replace(/^--/, "") ?? "";
  const value = given[at + 1];
  if (!Object.hasOwn(options, name) || value === undefined) {
    process.stderr.write(usage);
    process.exit(1);
  }
  options[name as keyof typeof options] = value;
}
const adapters = options.adapter ? [options.adapter] : ["express", "express4", "hono", "fastify"];
let sound = true;
// One after the other, since each keeps a core busy.
for (const adapter of adapters) {
  const { code, text } = await runFuzz(adapter, Number(options.requests), Number(options.seed));
  process.stdout.write(text);
  sound &&= code === 0;
}
process.stdout.write(sound ? "Nothing priced ran unpaid.\n" : "Something is wrong: see above.\n");
process.exit(sound ? 0 : 1);
