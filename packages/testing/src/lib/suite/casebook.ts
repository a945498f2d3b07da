import { afterAll, expect, it } from "vitest";
import type { Harness } from "./harness.js";
import { openShop, type Shop, type ShopPlan } from "./shop.js";

/** Starts an app for one case; it is closed when the case ends. */
export type Open = (plan?: ShopPlan) => Promise<Shop>;

/** Collects the cases of one harness. */
export interface Casebook {
  readonly harness: Harness;
  /**
   * One case. Its title begins with its id; an exception that the harness declares for the id leaves it out.
   * @param timeout milliseconds, for cases that keep a machine busy @default 240000
   */
  check(title: string, body: (open: Open) => Promise<void>, timeout?: number): void;
  /** The closing line, and the check that every exception names a case. */
  close(): void;
}

export function openCasebook(harness: Harness): Casebook {
  const exceptions = harness.exceptions ?? {};
  const ids = new Set<string>();
  return {
    harness,
    check(title, body, timeout = 240_000) {
      const id = title.slice(0, title.indexOf(" "));
      if (ids.has(id)) throw new Error(`Two cases are called ${id}.`);
      ids.add(id);
      const reason = exceptions[id];
      if (reason !== undefined) {
        // biome-ignore lint/suspicious/noSkippedTests: a declared exception is shown, not hidden
        it.skip(`${title} (not served: ${reason})`, () => {});
        return;
      }
      it(title, { timeout }, async ({ signal }) => {
        const shops: Shop[] = [];
        // A case that waits in vain must not keep the machine from the next ones.
        signal.addEventListener("abort", () => {
          for (const shop of shops) shop.close().catch(() => undefined);
        });
        const open: Open = async (plan) => {
          const shop = await openShop(harness, plan);
          shops.push(shop);
          return shop;
        };
        try {
          await body(open);
        } finally {
          await Promise.all(shops.map((shop) => shop.close()));
        }
      });
    },
    close() {
      const line = `${harness.name}: ${ids.size} cases, ${Object.keys(exceptions).length} declared exceptions`;
      it(`declares exceptions for known cases only (${line})`, () => {
        expect(Object.keys(exceptions).filter((id) => !ids.has(id))).toEqual([]);
      });
      afterAll(() => {
        process.stdout.write(`${line}\n`);
      });
    },
  };
}
