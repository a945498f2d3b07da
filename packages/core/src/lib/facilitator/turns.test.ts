import { describe, expect, it, vi } from "vitest";
import { type Asker, createTurns, type Rank, turnsByNetwork } from "./turns.js";

const endless = () => Number.POSITIVE_INFINITY;
const ask = (source: string, payer = source, rank: Rank = "unproven", room: () => number = endless): Asker => ({
  rank,
  source,
  payer,
  room,
  refusal: () => new Error("no room"),
});

/** Takes so many places, and says which of the waits have ended. */
function begin(turns: ReturnType<typeof createTurns>, askers: readonly Asker[]) {
  const ends: (() => void)[] = [];
  const begun: Asker[] = [];
  const refused: Asker[] = [];
  const all = askers.map((asker) =>
    turns.take(asker).then(
      (end) => {
        begun.push(asker);
        ends.push(end);
      },
      () => void refused.push(asker),
    ),
  );
  return { ends, begun, refused, all };
}

const times = (count: number, make: (i: number) => Asker) => Array.from({ length: count }, (_, i) => make(i));
/** Until what was begun has come so far. */
const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("turns", () => {
  it("G33 leave places to others while one source asks for all", async () => {
    const turns = createTurns();
    const flood = begin(
      turns,
      times(250, (i) => ask("a", `forged ${i}`)),
    );
    await soon();
    expect(flood.begun).toHaveLength(96);
    const other = begin(turns, [ask("b")]);
    await soon();
    expect(other.begun).toHaveLength(1);
  });

  it("G33 leave places to buyers while many sources ask for all", async () => {
    const turns = createTurns();
    const flood = begin(
      turns,
      times(1_000, (i) => ask(`source ${i}`)),
    );
    await soon();
    expect(flood.begun).toHaveLength(128);
    const buyers = begin(
      turns,
      times(32, (i) => ask(`buyer ${i}`, undefined, "known")),
    );
    const signed = begin(
      turns,
      times(32, (i) => ask(`signed ${i}`, undefined, "signed")),
    );
    await soon();
    expect([buyers.begun.length, signed.begun.length]).toEqual([32, 32]);
    expect(begin(turns, [ask("late", undefined, "known")]).begun).toHaveLength(0);
  });

  it("G33 give a place that is free to each source in turn", async () => {
    const turns = createTurns();
    const flood = begin(turns, [
      ...times(96, (i) => ask("a", `${i}`)),
      ...times(32, (i) => ask("b", `${i}`)),
      ...times(300, (i) => ask("a", `waiting ${i}`)),
      ...times(2, (i) => ask("c", `${i}`)),
      ...times(2, (i) => ask("d", `${i}`)),
    ]);
    await soon();
    expect(flood.begun).toHaveLength(128);
    for (const end of flood.ends.splice(0, 16)) end();
    await soon();
    const late = flood.begun.slice(128).map(({ source }) => source);
    expect(late.filter((source) => source === "c")).toHaveLength(2);
    expect(late.filter((source) => source === "d")).toHaveLength(2);
    expect(late).toHaveLength(16);
  });

  it("G33 let a payer of a source pass whom many requests of another would hold up", async () => {
    const turns = createTurns();
    const flood = begin(turns, [...times(96, () => ask("a", "one")), ...times(300, () => ask("a", "one"))]);
    const other = begin(turns, [ask("a", "two")]);
    await soon();
    for (const end of flood.ends.splice(0, 4)) end();
    await soon();
    expect(other.begun).toHaveLength(1);
  });

  it("G33 go by age as well, so that new names do not hold up who has waited", async () => {
    const turns = createTurns();
    const first = begin(
      turns,
      times(96, (i) => ask("a", `${i}`)),
    );
    const buyer = begin(
      turns,
      times(12, () => ask("a", "buyer")),
    );
    const flood = begin(
      turns,
      times(400, (i) => ask("a", `new ${i}`)),
    );
    await soon();
    for (const end of first.ends.splice(0, 40)) end();
    await soon();
    expect(buyer.begun).toHaveLength(12);
    expect(flood.begun.length).toBeLessThan(30);
  });

  it("G33 go by age over all sources, so that new addresses do not hold up who has waited", async () => {
    const turns = createTurns();
    const first = begin(
      turns,
      times(128, (i) => ask(`first ${i}`)),
    );
    const buyer = begin(
      turns,
      times(12, () => ask("buyer")),
    );
    begin(
      turns,
      times(400, (i) => ask(`new ${i}`)),
    );
    await soon();
    for (const end of first.ends.splice(0, 40)) end();
    await soon();
    expect(buyer.begun).toHaveLength(12);
  });

  it("G33 count what is under way as failures, and refuse those that wait once these are too many", async () => {
    const turns = createTurns();
    let left = 5;
    const asked = begin(
      turns,
      times(20, (i) => ask("a", `${i}`, "unproven", () => left)),
    );
    await soon();
    expect(asked.begun).toHaveLength(5);
    // One has failed: its place stays empty.
    left = 4;
    asked.ends.shift()?.();
    await soon();
    expect(asked.begun).toHaveLength(5);
    // One has succeeded: the next one may go.
    asked.ends.shift()?.();
    await soon();
    expect(asked.begun).toHaveLength(6);
    left = 0;
    for (const end of asked.ends.splice(0)) end();
    await Promise.all(asked.all);
    expect([asked.begun.length, asked.refused.length]).toEqual([6, 14]);
  });

  it("refuse what comes when too many wait, and what has waited for too long", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const turns = createTurns();
    const flood = begin(
      turns,
      times(96 + 512, (i) => ask("a", `${i}`)),
    );
    await soon();
    await expect(turns.take(ask("a"))).rejects.toMatchObject({ code: "facilitator_busy", retryAfter: 1 });
    vi.advanceTimersByTime(15_000);
    await soon();
    expect(flood.refused).toHaveLength(512);
    for (const end of flood.ends.splice(0)) end();
    (await turns.take(ask("a")))();
    vi.useRealTimers();
  });

  it("are another network's own", async () => {
    const turns = turnsByNetwork();
    begin(
      turns("eip155:1"),
      times(500, (i) => ask(`${i}`)),
    );
    const other = begin(turns("eip155:2"), [ask("a")]);
    await soon();
    expect(other.begun).toHaveLength(1);
    expect(turns("eip155:1")).toBe(turns("eip155:1"));
  });

  it("end a place once, however often that is said", async () => {
    const turns = createTurns();
    const end = await turns.take(ask("a"));
    end();
    end();
    const next = begin(
      turns,
      times(100, (i) => ask("a", `${i}`)),
    );
    await soon();
    expect(next.begun).toHaveLength(96);
  });
});
