import { expect } from "vitest";
import type { StoreBook } from "../casebook.js";
import { eventually } from "../expectations.js";
import { HOUR, LONG, sampleRecord } from "../samples.js";

/** A key is bound to one payment at a time. */
export function testLinks({ check }: StoreBook): void {
  check("binds a key to the first payment that comes", async ({ store }) => {
    const until = Date.now() + HOUR;
    expect(await store.link("key", "first", until)).toBe("first");
    expect(await store.link("key", "second", until)).toBe("first");
    expect(await store.link("key", "first", until)).toBe("first");
    expect(await store.linked("key")).toBe("first");
    expect(await store.linked("other")).toBeUndefined();
    expect(await store.link("other", "second", until)).toBe("second");
    expect(await store.linked("key")).toBe("first");
  });

  check("binds a key to one of a hundred payments that come at once", async ({ clients }) => {
    const stores = await clients();
    const until = Date.now() + HOUR;
    const bound = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => stores[i % stores.length]?.link("key", `payment ${i}`, until)),
    );
    expect(new Set(bound).size).toBe(1);
    for (const store of stores) expect(await store.linked("key")).toBe(bound[0]);
  });

  check("binds a key anew from the payment that is named, and from no other", async ({ store }) => {
    const until = Date.now() + HOUR;
    await store.link("key", "first", until);
    expect(await store.link("key", "second", until, "third")).toBe("first");
    expect(await store.linked("key")).toBe("first");
    expect(await store.link("key", "second", until, "first")).toBe("second");
    expect(await store.linked("key")).toBe("second");
    expect(await store.link("key", "third", until, "first")).toBe("second");
  });

  check("binds a key that is free, whatever it was thought to be bound to", async ({ store }) => {
    expect(await store.link("key", "second", Date.now() + HOUR, "first")).toBe("second");
    expect(await store.linked("key")).toBe("second");
  });

  check("binds a key anew for one of fifty that try at once", async ({ clients }) => {
    const stores = await clients();
    const until = Date.now() + HOUR;
    await stores[0]?.link("key", "first", until);
    const bound = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => stores[i % stores.length]?.link("key", `next ${i}`, until, "first")),
    );
    expect(new Set(bound).size).toBe(1);
    expect(bound[0]).toMatch(/^next/);
    for (const store of stores) expect(await store.linked("key")).toBe(bound[0]);
  });

  check("frees a key whose time is over", async ({ store }) => {
    expect(await store.link("key", "first", Date.now() + 200)).toBe("first");
    await eventually("the key was free", async () => (await store.linked("key")) === undefined);
    expect(await store.link("key", "second", Date.now() + HOUR)).toBe("second");
    expect(await store.link("key", "third", Date.now() + HOUR, "first")).toBe("second");
    expect(await store.linked("key")).toBe("second");
  });

  check("keeps a key bound for the time of its last binding", async ({ store }) => {
    await store.link("key", "first", Date.now() + 200);
    await store.link("key", "second", Date.now() + HOUR, "first");
    await store.link("mark", "mark", Date.now() + 300);
    await eventually("the earlier time was over", async () => (await store.linked("mark")) === undefined);
    expect(await store.linked("key")).toBe("second");
  });

  check("keeps keys and records apart", async ({ store }) => {
    const record = sampleRecord();
    await store.link(record.id, "elsewhere", Date.now() + HOUR);
    expect(await store.read(record.id)).toBeUndefined();
    expect(await store.insert(record, LONG)).toBe(true);
    expect(await store.linked(record.id)).toBe("elsewhere");
    expect(await store.list({ order: "newest", limit: 10 })).toHaveLength(1);
  });
}
