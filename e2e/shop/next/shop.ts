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

/** The handler of one row, counted and at its price. */
export function sell<Params>(
  row: string,
  handler: Handler<Params>,
  price = prices[`GET ${row}`] ?? prices[`POST ${row}`],
) {
  if (price === undefined) throw new Error(`${row} has no price`);
  return paid<NextRequest, Omit<Context<Params>, "payment">>(tolls, price, memory.counted(row, handler));
}
