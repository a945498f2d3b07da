import { describe } from "vitest";
import { openStoreBook } from "./casebook.js";
import { testAnswers } from "./cases/answers.js";
import { testBooks } from "./cases/books.js";
import { testGuardRecords } from "./cases/guards.js";
import { testLasting, testSharing } from "./cases/lasting.js";
import { testLeases } from "./cases/leases.js";
import { testLinks } from "./cases/links.js";
import { testLists } from "./cases/lists.js";
import { testRecords, testRoundTrips } from "./cases/records.js";
import type { StoreHarness } from "./harness.js";

/** Declares the contract of a store as Vitest cases, each with its own store. */
export function testStore(harness: StoreHarness): void {
  const book = openStoreBook(harness);
  const themes: Record<string, (typeof testRecords)[]> = {
    records: [testRecords, testRoundTrips],
    guards: [testGuardRecords],
    leases: [testLeases],
    answers: [testAnswers],
    links: [testLinks],
    lists: [testLists],
    books: [testBooks],
    "what lasts, and who sees it": [testLasting, testSharing],
  };
  describe(`${harness.name} as a store`, () => {
    for (const [theme, tests] of Object.entries(themes)) {
      describe(theme, () => {
        for (const test of tests) test(book);
      });
    }
    describe("left out", book.close);
  });
}
