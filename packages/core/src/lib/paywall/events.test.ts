import { describe, expect, it } from "vitest";
import { createReporter, type Observer, type Operation } from "./events.js";
import { openLog } from "./log.js";

const settle: Operation = { name: "settle" };

/** Work that counts its runs. */
function work(outcome: () => Promise<string> = async () => "done") {
  const done = {
    runs: 0,
    run: () => {
      done.runs++;
      return outcome();
    },
  };
  return done;
}

const report = (...trace: readonly Observer["trace"][]) =>
  createReporter(
    trace.map((one) => ({ trace: one }) as Observer),
    openLog(undefined),
  );

describe("a tracer", () => {
  it("has the work run within it, outer ones around inner ones", async () => {
    const seen: string[] = [];
    const around =
      (name: string): NonNullable<Observer["trace"]> =>
      async (_, run) => {
        seen.push(`${name} begins`);
        const outcome = await run();
        seen.push(`${name} ends`);
        return outcome;
      };
    const { trace } = report(around("inner"), around("outer"));
    expect(await trace(settle, async () => "done")).toBe("done");
    expect(seen).toEqual(["outer begins", "inner begins", "inner ends", "outer ends"]);
  });

  it("cannot change what came of the work", async () => {
    const { run } = work();
    expect(await report(async () => "other" as never).trace(settle, run)).toBe("done");
    const failing = work(() => Promise.reject(new Error("lost")));
    const calm = report(async (_, run) => run().catch(() => "fine" as never));
    await expect(calm.trace(settle, failing.run)).rejects.toThrow("lost");
    expect(failing.runs).toBe(1);
  });

  it("keeps no other tracer from the work, and has it run once", async () => {
    let told = 0;
    const fine: NonNullable<Observer["trace"]> = (_, run) => {
      told++;
      return run();
    };
    const tracers: NonNullable<Observer["trace"]>[] = [
      () => {
        throw new Error("away");
      },
      async () => Promise.reject(new Error("away")),
      () => new Promise(() => undefined),
      async (_, run) => {
        await run();
        return run();
      },
    ];
    for (const bad of tracers) {
      const once = work();
      expect(await report(fine, bad).trace(settle, once.run)).toBe("done");
      expect(once.runs).toBe(1);
    }
    expect(told).toBe(tracers.length);
  });

  it("is given the failure of work that throws at once", async () => {
    const run = (): never => {
      throw new Error("at once");
    };
    await expect(report((_, run) => run()).trace(settle, run)).rejects.toThrow("at once");
  });
});
