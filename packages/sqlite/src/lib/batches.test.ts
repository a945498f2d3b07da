import { expect, it } from "vitest";
import { createBatches } from "./batches.js";

/** Batches over a list: what is written in a transaction that fails is taken back. */
function setUp(failsAt: { commit?: number } = {}) {
  const written: string[] = [];
  const log: string[] = [];
  let pending: string[] = [];
  let commits = 0;
  let begun = false;
  const batches = createBatches({
    begin: () => {
      begun = true;
      log.push("begin");
    },
    commit: () => {
      if (!begun) return;
      begun = false;
      if (++commits === failsAt.commit) throw new Error("no commit");
      log.push("commit");
      written.push(...pending);
      pending = [];
    },
    rollback: () => {
      if (begun || pending.length > 0) log.push("rollback");
      begun = false;
      pending = [];
    },
  });
  const write = (what: string) =>
    batches.run(() => {
      if (what.startsWith("bad")) throw new Error(what);
      pending.push(what);
      return what.toUpperCase();
    }, true);
  return { batches, write, written, log };
}

it("writes what comes in one turn in one transaction, each with its own result", async () => {
  const { write, written, log } = setUp();
  const later = Promise.resolve().then(() => write("c"));
  expect(await Promise.all([write("a"), write("b"), later])).toEqual(["A", "B", "C"]);
  expect(written).toEqual(["a", "b", "c"]);
  expect(log).toEqual(["begin", "commit"]);
});

it("begins nothing for reading", async () => {
  const { batches, log } = setUp();
  expect(await Promise.all([batches.run(() => 1, false), batches.run(() => 2, false)])).toEqual([1, 2]);
  expect(log).toEqual([]);
});

it("rejects one that fails, and writes the others", async () => {
  const { write, written, log } = setUp();
  const ends = await Promise.allSettled([write("a"), write("bad b"), write("c")]);
  expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(written).toEqual(["a", "c"]);
  expect(log).toEqual(["begin", "rollback", "begin", "commit", "begin", "rollback", "begin", "commit"]);
});

it("writes each by itself when the transaction of all fails at its end", async () => {
  const { write, written } = setUp({ commit: 1 });
  expect(await Promise.all([write("a"), write("b")])).toEqual(["A", "B"]);
  expect(written).toEqual(["a", "b"]);
});

it("rejects one that cannot be written by itself", async () => {
  const { write, written } = setUp({ commit: 1 });
  await expect(write("a")).rejects.toThrow("no commit");
  expect(written).toEqual([]);
  expect(await write("b")).toBe("B");
});

it("lets others have their turn after a few hundred", async () => {
  const { write, written, log } = setUp();
  await Promise.all(Array.from({ length: 600 }, (_, i) => write(`${i}`)));
  expect(written).toEqual(Array.from({ length: 600 }, (_, i) => `${i}`));
  expect(log.filter((what) => what === "begin")).toHaveLength(3);
});

it("writes all that waits when told to", async () => {
  const { batches, write, written } = setUp();
  const all = Promise.all(Array.from({ length: 600 }, (_, i) => write(`${i}`)));
  batches.flush();
  expect(written).toHaveLength(600);
  await all;
});
