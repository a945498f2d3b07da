import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testStore } from "@turnpike/testing/stores";
import { afterAll, expect, test } from "vitest";
import { bridgeStore } from "./support/bridge.js";
import { sampleAnswer, sampleRecord } from "./support/samples.js";
import { startWorkerd, type Workerd } from "./support/workerd.js";

let workerd: Workerd | undefined;
let ledgers = 0;

const open = async (): Promise<Workerd> => {
  workerd ??= await startWorkerd();
  return workerd;
};
const remove = async (): Promise<void> => {
  await workerd?.remove();
  workerd = undefined;
};
afterAll(remove);

for (const shards of [1, 3]) {
  testStore({
    name: shards === 1 ? "Durable Object" : `${shards} Durable Objects`,
    open: async () => {
      const host = await open();
      const options = { name: `contract ${++ledgers}`, shards };
      let damaged = false;
      return {
        store: bridgeStore(host, options),
        answerLimit: 1024 * 1024,
        // Another instance of the Worker, with a store of its own over the same objects.
        another: async () => bridgeStore(host, options, { worker: "two" }),
        reopen: async () => {
          await host.restart();
          return bridgeStore(host, options);
        },
        cut: async () => {
          damaged = true;
          await host.kill();
          damageObjects(join(host.disk, "ledger"));
          await host.restart();
        },
        close: async () => {
          if (damaged) await remove();
        },
      };
    },
  });
}

/** The Worker goes on, and no object can read its storage. */
function damageObjects(folder: string): void {
  for (const file of readdirSync(folder)) {
    if (file.startsWith("metadata")) continue;
    if (file.endsWith(".sqlite")) writeFileSync(join(folder, file), "no database ".repeat(1000));
    else rmSync(join(folder, file));
  }
}

test("what an operation has answered is there after a kill, and nothing is there by halves", async () => {
  const host = await open();
  const options = { name: "killed", shards: 2 };
  const store = bridgeStore(host, options);
  const begun: string[] = [];
  const inserted: string[] = [];
  const replaced: string[] = [];
  const write = async (): Promise<never> => {
    for (;;) {
      const record = sampleRecord();
      begun.push(record.id);
      await store.insert(record, 60_000);
      inserted.push(record.id);
      await store.replace({ ...record, version: 2, state: "settled" }, 1, 60_000, sampleAnswer(20_000));
      replaced.push(record.id);
      if (replaced.length === 60) await host.kill();
    }
  };
  await Promise.allSettled(Array.from({ length: 8 }, write));
  await host.restart();

  expect(replaced.length).toBeGreaterThanOrEqual(60);
  for (const id of begun) {
    const reading = await store.read(id);
    if (inserted.includes(id)) expect(reading).toBeDefined();
    if (replaced.includes(id)) expect(reading?.record.version).toBe(2);
    expect((await store.answer(id))?.body.byteLength).toBe(reading?.record.version === 2 ? 20_000 : undefined);
  }
});
