import { expect, it } from "vitest";
import { startProgress } from "../src/lib/progress.js";

it("Progress is told after one second, two, four and so on, and each minute at last", () => {
  let time = 5_000;
  const told: string[] = [];
  const progress = startProgress({ err: (text) => told.push(text), now: () => time }, "opening the store");
  progress.end();
  for (let second = 0; second <= 300; second++) {
    if (second === 2) progress.doing("reading\u001b[31m");
    progress.tick();
    time += 1_000;
  }
  expect(told.map((line) => Number(/\((\d+) s\)\n$/.exec(line)?.[1]))).toEqual([1, 2, 4, 8, 16, 32, 64, 124, 184, 244]);
  expect(told.slice(0, 2)).toEqual(["turnpike: opening the store (1 s)\n", "turnpike: reading\\u001b[31m (2 s)\n"]);
});
