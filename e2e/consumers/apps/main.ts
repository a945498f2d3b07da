import { openExpress } from "./express.js";
import { openFastify } from "./fastify.js";
import { openHono } from "./hono.js";
import { sell } from "./market.js";
import { openNext } from "./next.js";

/** Sells in each framework and prints what came of it. */
async function main(): Promise<void> {
  const shops = { express: openExpress, fastify: openFastify, hono: openHono, next: openNext };
  const sales: Record<string, unknown> = {};
  for (const [name, open] of Object.entries(shops)) sales[name] = await sell(open);
  process.stdout.write(JSON.stringify(sales));
}

void main();
