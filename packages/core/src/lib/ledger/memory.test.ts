import { afterEach, describe, expect, it, vi } from "vitest";
import { memoryStore } from "./memory.js";
import type { PaymentState, StoredAnswer, StoredPayment } from "./record.js";

const HOUR = 3_600_000;
const LEASE = 10_000;

function record(id: string, members: Partial<StoredPayment> = {}): StoredPayment {
  const now = Date.now();
  return {
    id,
    version: 1,
    state: "running",
    route: "GET /weather",
    request: "GET /weather",
    offer: { scheme: "exact", network: "eip155:84532", amount: "1", asset: "0x", payTo: "0x", maxTimeoutSeconds: 60 },
    facilitator: "https://facilitator.test",
    runs: 1,
    createdAt: now,
    updatedAt: now,
    times: {},
    holder: id,
    ...members,
  };
}

function answer(bytes: number, members: Partial<StoredAnswer> = {}): StoredAnswer {
  return { status: 200, headers: [], body: new Uint8Array(bytes), expiresAt: Date.now() + HOUR, ...members };
}

/** A store with a delivered record for each response. */
async function storeOf(answerBytes: number, answers: Record<string, StoredAnswer>) {
  const store = memoryStore({ answerBytes });
  for (const [id, given] of Object.entries(answers)) {
    await store.insert(record(id), LEASE);
    await store.replace(record(id, { version: 2, state: "delivered", expiresAt: Date.now() + HOUR }), 1, 0, given);
  }
  const kept = async () => {
    const given = await Promise.all(Object.keys(answers).map(async (id) => ((await store.answer(id)) ? [id] : [])));
    return given.flat();
  };
  return { store, kept };
}

describe("answers", () => {
  it("keeps what fits", async () => {
    const { kept } = await storeOf(100, { a: answer(50), b: answer(50) });
    expect(await kept()).toEqual(["a", "b"]);
  });

  it("drops the oldest beyond the limit, and keeps its record", async () => {
    const { store, kept } = await storeOf(100, { a: answer(40), b: answer(40), c: answer(40) });
    expect(await kept()).toEqual(["b", "c"]);
    expect((await store.read("a"))?.record.state).toBe("delivered");
  });

  it("keeps none that is larger than the limit, and drops no other for it", async () => {
    const { kept } = await storeOf(100, { a: answer(90), b: answer(101) });
    expect(await kept()).toEqual(["a"]);
  });

  it("counts headers", async () => {
    const { kept } = await storeOf(100, { a: answer(50, { headers: [["x-long", "1".repeat(45)]] }) });
    expect(await kept()).toEqual([]);
  });

  it("counts an answer that is replaced once", async () => {
    const { store, kept } = await storeOf(100, { a: answer(50), b: answer(40) });
    for (let version = 2; version < 10; version++) {
      await store.replace(record("b", { version: version + 1 }), version, 0, answer(40));
    }
    expect(await kept()).toEqual(["a", "b"]);
  });

  it("frees the room of answers that have expired", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { store, kept } = await storeOf(100, { a: answer(40), b: answer(60, { expiresAt: Date.now() + 10 }) });
    vi.setSystemTime(Date.now() + 10);
    expect(await kept()).toEqual(["a"]);
    await store.replace(record("b", { version: 3 }), 2, 0, answer(60));
    expect(await kept()).toEqual(["a", "b"]);
  });

  it("frees the room of answers that go with their records", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const long = { expiresAt: Date.now() + 10 * HOUR };
    const { store } = await storeOf(100, { open: answer(40, long), closed: answer(60, long) });
    await store.replace(record("open", { version: 3, state: "owed" }), 2, 0);
    vi.setSystemTime(Date.now() + HOUR);
    for (let i = 0; i < 4; i++) await store.insert(record(`${i}`), LEASE);
    expect(await store.read("closed")).toBeUndefined();
    expect(await store.answer("closed")).toBeUndefined();
    await store.replace(record("0", { version: 2 }), 1, 0, answer(60));
    expect(await store.answer("open")).toBeDefined();
    expect(await store.answer("0")).toBeDefined();
  });
});

describe("records", () => {
  const closed = (id: string) => record(id, { state: "delivered", expiresAt: Date.now() + HOUR });

  it("drops a closed record once its time is over, and no open one", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const store = memoryStore();
    await store.insert(record("open"), LEASE);
    await store.insert(closed("closed"), 0);
    vi.setSystemTime(Date.now() + HOUR - 1);
    for (let i = 0; i < 10; i++) await store.insert(record(`before ${i}`), LEASE);
    expect(await store.read("closed")).toBeDefined();
    vi.setSystemTime(Date.now() + 1);
    for (let i = 0; i < 20; i++) await store.insert(record(`after ${i}`), LEASE);
    expect(await store.read("closed")).toBeUndefined();
    expect(await store.list({ order: "oldest", limit: 100 })).toHaveLength(31);
  });

  it("drops closed records beyond 100,000, the oldest first", async () => {
    const store = memoryStore();
    const open: PaymentState[] = ["running", "settling", "settled", "unknown", "owed"];
    for (const state of open) await store.insert(record(state, { state }), 0);
    for (let i = 0; i < 99_995; i++) await store.insert(closed(`closed ${i}`), 0);
    expect(await store.list({ order: "oldest", limit: 200_000 })).toHaveLength(100_000);
    await store.insert(record("one more"), LEASE);
    for (const state of open) expect(await store.read(state)).toBeDefined();
    expect(await store.read("closed 0")).toBeUndefined();
    expect(await store.read("closed 99994")).toBeDefined();
    expect(await store.read("one more")).toBeDefined();
  });

  it("G07 drops what was not charged before what was, and never what a payment could buy again without", async () => {
    const store = memoryStore();
    const soon = Math.floor(Date.now() / 1000) + 60;
    await store.insert(record("sold", { state: "delivered", validBefore: soon, expiresAt: Date.now() + HOUR }), 0);
    await store.insert(
      record("left unpaid", { state: "failed", answered: true, validBefore: soon, expiresAt: Date.now() + HOUR }),
      0,
    );
    await store.insert(closed("sold before"), 0);
    for (let i = 0; i < 100_100; i++) {
      const state = i % 2 === 0 ? "failed" : "released";
      await store.insert(record(`junk ${i}`, { state, validBefore: soon, expiresAt: Date.now() + HOUR }), 0);
    }
    for (const id of ["sold", "left unpaid", "sold before"]) expect(await store.read(id), id).toBeDefined();
    expect(await store.read("junk 0")).toBeUndefined();
    for (let i = 0; i < 100_100; i++) await store.insert(closed(`sold later ${i}`), 0);
    for (const id of ["sold", "left unpaid"]) expect(await store.read(id), id).toBeDefined();
    expect(await store.read("sold before")).toBeUndefined();
  });

  it("G07 takes no new payment where it would have to forget one that could buy again, and takes them later", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"] });
    const store = memoryStore();
    const validBefore = Math.floor(Date.now() / 1000) + 60;
    const sold = (i: number) => record(`${i}`, { state: "delivered", validBefore, expiresAt: Date.now() + 24 * HOUR });
    for (let i = 0; i < 250_000; i++) await store.insert(sold(i), 0);
    expect(() => store.insert(record("one more"), LEASE)).toThrow("store_full");
    expect(await store.read("0")).toBeDefined();
    expect(store.insert(sold(0), 0)).toBe(false);
    vi.advanceTimersByTime(2 * HOUR);
    expect(await store.insert(record("one more"), LEASE)).toBe(true);
    expect(await store.read("one more")).toBeDefined();
  });

  it("keeps open, owed and doubtful ones whatever their number", async () => {
    const store = memoryStore();
    const states: PaymentState[] = ["running", "owed", "unknown"];
    const created = Date.now() - 30 * 24 * HOUR;
    for (let i = 0; i < 111_000; i++) {
      await store.insert(record(`${i}`, { state: states[i % 3] as PaymentState, createdAt: created }), 0);
    }
    expect(await store.list({ order: "oldest", limit: 200_000 })).toHaveLength(111_000);
  });

  it("forgets links beyond 100,000 whose records are gone, and no other", async () => {
    const store = memoryStore();
    await store.insert(record("kept"), LEASE);
    await store.link("to the kept one", "kept", Date.now() + HOUR);
    for (let i = 0; i < 100_000; i++) await store.link(`${i}`, `gone ${i}`, Date.now() + HOUR);
    expect(await store.linked("0")).toBeUndefined();
    expect(await store.linked("99999")).toBe("gone 99999");
    expect(await store.linked("to the kept one")).toBe("kept");
  });
});

describe("leases", () => {
  it("R18 does not mind a clock that jumps by an hour", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const store = memoryStore();
    const now = Date.now();
    await store.insert(record("held"), LEASE);
    await store.insert(record("lost"), 0);
    for (const jump of [HOUR, -HOUR]) {
      vi.setSystemTime(now + jump);
      expect((await store.read("held"))?.leased).toBe(true);
      expect((await store.read("lost"))?.leased).toBe(false);
    }
  });
});

afterEach(() => {
  vi.useRealTimers();
});
