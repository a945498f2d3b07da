// `pnpm books`: what a seller's books take, with as many sales as a year may bring. docs/stores.md has the figures.
import { parseArgs } from "node:util";
import { hosts, type StoreName } from "./books/hosts.js";
import { keepBooks } from "./books/run.js";

const USAGE = `Usage: pnpm books -- [--store ${Object.keys(hosts).join("|")}] [--sales 1000000]`;
const args = process.argv.slice(2).filter((argument) => argument !== "--");
const { values } = parseArgs({ args, options: { store: { type: "string" }, sales: { type: "string" } } });
const sales = Number(values.sales ?? 1_000_000);
const stores = values.store === undefined ? Object.keys(hosts) : [values.store];
if (!Number.isInteger(sales) || sales < 1 || stores.some((store) => !Object.hasOwn(hosts, store))) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(1);
}
for (const store of stores as StoreName[]) {
  process.stdout.write(`${store}, ${sales} sales\n`);
  const { bytesPerSale } = await keepBooks(store, sales, ({ step, seconds, grown, note = "" }) => {
    const memory = step === "fill" ? "" : `${grown.toFixed(0)} MB more`;
    process.stdout.write(`  ${step.padEnd(10)} ${seconds.toFixed(1).padStart(7)} s  ${memory.padStart(12)}  ${note}\n`);
  });
  process.stdout.write(`  ${bytesPerSale} bytes of the store for each sale\n`);
}
process.exit(0);
