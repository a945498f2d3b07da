import type { Facilitator } from "@turnpike/core";
import { PAY_TO, SETTLED, SUPPORTED, VERIFIED } from "./payment.js";

/** What every route of the benchmark sells, in the words of both sides. */
export const PRICE = "$0.01";
export const DESCRIPTION = "The weather in one city, measured this minute";
export const MIME_TYPE = "application/json";
export const BODY = { weather: "sunny", temperature: 22 };

/** A route of the table, from 0. */
export const pathOf = (i: number) => `/priced/${i}`;

/** What a table of `count` routes prices: those, and the two that stream. */
export const listRoutes = (count: number) =>
  [...Array.from({ length: count }, (_, i) => pathOf(i)), "/events", "/long"].map((path) => `GET ${path}`);

/** Believes everything at once, in this process: what is left is the seller's own work. */
export const instantFacilitator: Facilitator = {
  id: "instant",
  supported: async () => SUPPORTED,
  verify: async () => VERIFIED,
  settle: async () => SETTLED,
};

/** The configuration of a paywall over `count` routes. */
export function oursOf(count: number, facilitator: string | undefined) {
  const route = { price: PRICE, description: DESCRIPTION, mimeType: MIME_TYPE } as const;
  return {
    payTo: PAY_TO,
    network: "base-sepolia" as const,
    facilitator: facilitator ?? instantFacilitator,
    routes: Object.fromEntries(listRoutes(count).map((key) => [key, route])),
  };
}
