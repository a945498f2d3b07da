import type { Store } from "@turnpike/core";
import { expect } from "vitest";
import { type FirstVersion, PAYER, ROUTE } from "./first-version.js";

/** Expects that a store has what one of the first version had, with its sales in the books. */
export async function expectUpgraded(store: Store, { expected, charged, ofPayer, ofRoute }: FirstVersion) {
  for (const [id, record] of expected) expect((await store.read(id))?.record).toEqual(record);
  const ids = async (query: Parameters<Store["list"]>[0]) => (await store.list(query)).map(({ record }) => record.id);
  expect(await ids({ order: "charged", limit: 100 })).toEqual(charged);
  expect(await ids({ order: "newest", limit: 100, payer: PAYER })).toEqual(ofPayer);
  expect(await ids({ order: "newest", limit: 100, route: ROUTE })).toEqual(ofRoute);
  expect(await ids({ order: "newest", limit: 100 })).toHaveLength(expected.size);
}
