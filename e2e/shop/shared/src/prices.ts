import { type PriceFunction, type RouteTable, refuse } from "@turnpike/core";

const cent = "$0.01";

/**
 * What the rows of the shop cost, as an app-wide table wants it. `/mount/inner` and `/bound` are priced where they stand.
 * @param query the query of the framework's own request
 */
export function createPrices<Raw>(query: (raw: Raw) => URLSearchParams) {
  return {
    "GET /weather": cent,
    "GET /items/:id": cent,
    "GET /files/*": cent,
    "POST /echo": cent,
    "GET /expensive": "$5.00",
    "GET /dynamic": { price: (raw) => priceOf(query(raw).get("size")) },
    "GET /preview": { price: cent, preview: { preview: "first lines" } },
    "GET /whoami": cent,
    "GET /status/:code": cent,
    "GET /raw/:code": cent,
    "GET /throw": cent,
    "GET /redirect": cent,
    "GET /headers": cent,
    "GET /slow": cent,
    "GET /never": cent,
    "GET /large": cent,
    "GET /stream": cent,
    "GET /stream-first": { price: cent, settle: "before" },
    "GET /fail-first": { price: cent, settle: "before" },
  } satisfies RouteTable<Raw>;
}

/** A tenth of a cent for each unit of size. */
function priceOf(size: string | null): Awaited<ReturnType<PriceFunction<unknown>>> {
  if (!/^(?:[1-9]\d{0,2}|1000)$/.test(size ?? "")) {
    return refuse(400, "invalid_size", "Give a size from 1 to 1000, such as /dynamic?size=5.");
  }
  const thousandths = String(size).padStart(4, "0");
  return `$${thousandths.slice(0, -3)}.${thousandths.slice(-3)}`;
}
