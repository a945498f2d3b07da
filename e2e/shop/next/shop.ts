import type { RoutePrice } from "@turnpike/core";
import { type Paid, paid } from "@turnpike/next";
import { memory } from "@turnpike/shop-shared/memory";
import { createPrices } from "@turnpike/shop-shared/prices";
import type { NextRequest } from "next/server";
import { openEngine } from "./engine";

/** What Next hands to the handlers of a path. */
export interface Context<Params = unknown> extends Paid {
  readonly params: Promise<Params>;
}

const tolls = openEngine();

const prices: Record<string, RoutePrice<NextRequest>> = createPrices((request: NextRequest) => queryOf(request));

export const queryOf = (request: Request) => new URL(request.url).searchParams;

type Handler<Params> = (request: NextRequest, context: Context<Params>) => Response | Promise<Response>;

/** The handler of one row, counted and at its price. Next.js tells no pattern of a route, so the label does. */
export function sell<Params>(row: string, handler: Handler<Params>, own?: RoutePrice<NextRequest>) {
  const method = prices[`POST ${row}`] === undefined ? "GET" : "POST";
  const price = own ?? prices[`${method} ${row}`];
  if (price === undefined) throw new Error(`${row} has no price`);
  const options = typeof price === "object" && "price" in price ? price : { price };
  const route = { label: `${method} ${row}`, ...options };
  return paid<NextRequest, Omit<Context<Params>, "payment">>(tolls, route, memory.counted(row, handler));
}
