import { afterAll, beforeAll } from "vitest";
import { type FacilitatorName, type Market, openMarket } from "./market.js";
import type { Shop } from "./shop.js";

/** A market, for the tests of one file. */
export function useMarket(facilitator?: FacilitatorName): () => Market {
  let market: Market | undefined;
  beforeAll(async () => {
    market = await openMarket(facilitator);
  });
  afterAll(async () => market?.[Symbol.asyncDispose]());
  return () => {
    if (!market) throw new Error("the market is not open");
    return market;
  };
}

/** A market with the one shop in it that all is bought from. */
export type Stage = Omit<Market & Shop, typeof Symbol.asyncDispose>;

/** A stage for the tests of one file. */
export function useStage(facilitator?: FacilitatorName): () => Stage {
  const market = useMarket(facilitator);
  let shop: Shop | undefined;
  beforeAll(async () => {
    shop = await market().open();
  });
  afterAll(async () => void (await shop?.stop()));
  return () => {
    if (!shop) throw new Error("the shop is not open");
    return { ...market(), ...shop };
  };
}
