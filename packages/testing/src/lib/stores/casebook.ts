import type { Store } from "@turnpike/core";
import { afterAll, expect, it } from "vitest";
import type { OpenStore, StoreAbility, StoreHarness } from "./harness.js";

/** What a case has at hand. A member that the harness did not give throws. */
export interface StoreStage {
  readonly store: Store;
  readonly answerLimit: number;
  another(): Promise<Store>;
  reopen(): Promise<Store>;
  cut(): Promise<void>;
  /** The store, and another client of it if there can be one. */
  clients(): Promise<readonly Store[]>;
}

/** Collects the cases of one store. */
export interface StoreBook {
  /** One case, with a fresh store. @param needs left out if the harness declares that its store lacks this */
  check(title: string, body: (stage: StoreStage) => Promise<void>, needs?: StoreAbility): void;
  /** The closing line. */
  close(): void;
}

export function openStoreBook(harness: StoreHarness): StoreBook {
  const lacks = harness.lacks ?? {};
  const needed = new Set<string>();
  let cases = 0;
  let left = 0;
  return {
    check(title, body, needs) {
      cases++;
      if (needs) needed.add(needs);
      const reason = needs && lacks[needs];
      if (reason !== undefined) {
        left++;
        // biome-ignore lint/suspicious/noSkippedTests: what a store cannot have is shown, not hidden
        it.skip(`${title} (left out: ${reason})`, () => {});
        return;
      }
      it(title, { timeout: 120_000 }, async () => {
        const opened = await harness.open();
        try {
          await body(setStage(opened));
        } finally {
          await opened.close();
        }
      });
    },
    close() {
      const line = `${harness.name} store: ${cases} cases, ${left} left out`;
      it(`lacks only what a case needs (${line})`, () => {
        expect(Object.keys(lacks).filter((ability) => !needed.has(ability))).toEqual([]);
      });
      afterAll(() => {
        process.stdout.write(`${line}\n`);
      });
    },
  };
}

function setStage(opened: OpenStore): StoreStage {
  const given = <T>(value: T | undefined, ability: StoreAbility): T => {
    if (value !== undefined) return value;
    throw new Error(`The harness has no \`${ability}\`: give it, or say in \`lacks\` why there can be none.`);
  };
  const another = async () => given(opened.another, "another").call(opened);
  return {
    store: opened.store,
    get answerLimit() {
      return given(opened.answerLimit, "answerLimit");
    },
    another,
    reopen: async () => given(opened.reopen, "reopen").call(opened),
    cut: async () => given(opened.cut, "cut").call(opened),
    clients: async () => (opened.another ? [opened.store, await another()] : [opened.store]),
  };
}
