// One campaign against one adapter, in a process of its own: `adapter.ts <name> <requests> <seed>`.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createPaywall } from "@turnpike/core";
import { startFacilitator } from "@turnpike/testing";
import type { Framework } from "./build.js";
import { runCampaign } from "./campaign.js";
import { tellViolation } from "./shrink.js";
import { files } from "./spellings.js";

const frameworks: Readonly<Record<string, () => Promise<Framework>>> = {
  express: async () => (await import("./apps/express.js")).expressFramework,
  express4: async () => (await import("./apps/express.js")).expressFramework,
  hono: async () => (await import("./apps/hono.js")).honoFramework,
  fastify: async () => (await import("./apps/fastify.js")).fastifyFramework,
};

const [name = "", requests = "0", seed = "0"] = process.argv.slice(2);
const framework = await frameworks[name]?.();
if (!framework) throw new Error(`There is no adapter "${name}".`);

const folder = mkdtempSync(join(tmpdir(), "turnpike-fuzz-"));
for (const file of files) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), `<<file:${file}>>`);
}
const facilitator = await startFacilitator();
const silent = () => {};
const tolls = createPaywall({
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  network: "base-sepolia",
  facilitator: facilitator.url,
  logger: { info: silent, warn: silent, error: silent },
});

const started = performance.now();
const tally = await runCampaign({ framework, folder, tolls }, Number(seed), Number(requests));
const seconds = ((performance.now() - started) / 1000).toFixed(0);
const reasons = Object.entries(tally.reasons)
  .map(([code, times]) => `${code} ${times}`)
  .join(", ");
const faults = Object.keys(tally.reasons).filter((reason) => reason.startsWith("NOT A REFUSAL"));
process.stdout.write(
  [
    `${name}: ${tally.requests} raw requests to ${tally.apps} apps in ${seconds} s, seed ${seed}`,
    `  ${tally.refused} apps refused by the check or the start${reasons ? ` (${reasons})` : ""}; ${tally.dropped} of them with nothing left to ask`,
    `  ${tally.judged} requests run something priced without the paywall, ${tally.unpaid} unpaid runs with it`,
    `  ${tally.freeServed} of ${tally.free} plain requests for free routes are served; ${tally.bought} of ${tally.bought + tally.notBought} purchases delivered`,
    ...tally.violations.map(tellViolation),
    ...tally.blocked,
    ...tally.unsold,
    "",
  ].join("\n"),
);
await tolls.close();
await facilitator.close();
rmSync(folder, { recursive: true });
const sound = tally.unpaid === 0 && tally.judged > 0 && faults.length === 0;
process.exit(sound ? 0 : 1);
