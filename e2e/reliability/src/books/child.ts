// One step on a store that the parent has opened a place for, in a process of its own: so its memory is that of the step.

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createPaywall, type PaymentPage, type Paywall, type Store } from "@turnpike/core";
import { openStore } from "../store.js";
import { fill } from "./fill.js";
import { openBridge } from "./hosts.js";
import { AMOUNT, RARE_PAYER } from "./sales.js";

/** What a step tells: seconds, and megabytes that its process has grown by at most. */
export interface Told {
  readonly step: string;
  readonly seconds: number;
  readonly grown: number;
  readonly note?: string;
}

const MEGABYTE = 1024 * 1024;
const PAGE = 1_000;

const [task = "", address = "", count = "0", now = "0"] = process.argv.slice(2);
const sales = Number(count);
if (task === "fill") {
  const began = performance.now();
  await fill(address, sales, Number(now));
  tell({ step: "fill", seconds: (performance.now() - began) / 1000, grown: 0 });
} else {
  await read(address.startsWith("http:") ? openBridge(address) : await openStore(address));
}
process.exit(0);

function tell(told: Told): void {
  process.stdout.write(`${JSON.stringify(told)}\n`);
}

async function read(store: Store): Promise<void> {
  const tolls = createPaywall({ payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia", store });
  // What is loaded and warmed up at first is not growth.
  await tolls.payments({ limit: PAGE });
  await tolls.totals({ from: Number(now) });
  const before = process.memoryUsage.rss();
  // The kernel's own peak, of the whole process: a sample would miss it.
  const grown = () => (process.resourceUsage().maxRSS * 1024 - before) / MEGABYTE;
  const step = async (name: string, work: () => Promise<string>) => {
    const began = performance.now();
    const note = await work();
    tell({ step: name, seconds: (performance.now() - began) / 1000, grown: Math.max(0, grown()), note });
  };
  await step("list", async () => {
    let seen = 0;
    let earlier = Number.POSITIVE_INFINITY;
    for await (const { payments } of pagesOf(tolls)) {
      for (const { createdAt } of payments) {
        if (createdAt > earlier) throw new Error("a list is out of order");
        earlier = createdAt;
      }
      seen += payments.length;
    }
    expect("payments listed", seen, sales);
    return `${seen} payments`;
  });
  await step("totals", async () => {
    const totals = await tolls.totals({ by: ["month", "route"] });
    expect(
      "sales added up",
      totals.reduce((sum, total) => sum + total.sales, 0),
      sales,
    );
    const amount = totals.reduce((sum, total) => sum + BigInt(total.amount), 0n);
    expect("amount", amount, AMOUNT * BigInt(sales));
    return `${totals.length} totals`;
  });
  await step("export", async () => {
    const file = createWriteStream("/dev/null");
    let bytes = 0;
    for await (const { payments } of pagesOf(tolls)) {
      const lines = payments.map((payment) => `${JSON.stringify(payment)}\n`).join("");
      bytes += lines.length;
      if (!file.write(lines)) await once(file, "drain");
    }
    return `${Math.round(bytes / MEGABYTE)} MB of JSON lines`;
  });
  await step("one payer", async () => {
    const { payments } = await tolls.payments({ payer: RARE_PAYER, limit: 100_000 });
    expect("payments of the payer", payments.length, Math.ceil(sales / 1_000));
    return `${payments.length} payments`;
  });
  await step("owed", async () => {
    const { payments } = await tolls.payments({ states: ["owed"], limit: 100 });
    return `the newest ${payments.length}`;
  });
  await tolls.close({ seconds: 1 });
}

async function* pagesOf(tolls: Paywall): AsyncGenerator<PaymentPage> {
  for (let after: string | undefined; ; ) {
    const page = await tolls.payments({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield page;
    if (page.next === undefined) return;
    after = page.next;
  }
}

function expect<T>(what: string, found: T, wanted: T): void {
  if (found !== wanted) throw new Error(`${what}: ${found}, not ${wanted}`);
}
