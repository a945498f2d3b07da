import type { Price, PriceFunction, Refusal } from "../config.js";
import type { TokenAmount } from "../pricing/price.js";
import type { Reply } from "../seam.js";
import { within } from "../within.js";
import type { NetworkTerms } from "./compile.js";
import { makeOffer, type Offer } from "./offer.js";
import { problemReply } from "./problem.js";
import { internalReply } from "./replies.js";

/** Milliseconds that a price function may take. */
const TIME_LIMIT = 5_000;

/** Answers a request before any payment is asked: return it from a price function. */
export function refuse(status: number, code: string, detail: string): Refusal {
  return { refusal: { status, code, detail } };
}

/**
 * The offers of a route whose price is a function of the request. A function that throws, takes too long or returns what
 * is no price denies the request with 500: a price that is not known is never zero.
 */
export function priceRequests<Raw>(
  price: PriceFunction<Raw>,
  networks: readonly NetworkTerms[],
  minPrice: Price | undefined,
  maxPrice: Price | undefined,
): (request: Raw) => Promise<readonly Offer[] | Reply> {
  return async (request) => {
    let value: Price | Refusal;
    try {
      value = await within(Promise.resolve(price(request)), TIME_LIMIT, () => {
        throw new Error("The price function took too long");
      });
    } catch {
      return unpriced();
    }
    if (isRefusal(value)) return refusalReply(value);
    const offers: Offer[] = [];
    for (const { terms, read } of networks) {
      const amount = read(value);
      if ("problem" in amount) return unpriced();
      const offer = makeOffer(terms, clamp(amount, minPrice, maxPrice, read));
      if (typeof offer === "string") return unpriced();
      offers.push(offer);
    }
    return offers;
  };
}

function clamp(
  amount: TokenAmount,
  minPrice: Price | undefined,
  maxPrice: Price | undefined,
  read: NetworkTerms["read"],
): TokenAmount {
  const bound = (price: Price | undefined): TokenAmount | undefined => {
    const limit = price === undefined ? undefined : read(price);
    // A bound in another token bounds nothing here.
    return limit && !("problem" in limit) && limit.token === amount.token ? limit : undefined;
  };
  const min = bound(minPrice);
  const max = bound(maxPrice);
  if (min && amount.atomic < min.atomic) return min;
  return max && amount.atomic > max.atomic ? max : amount;
}

function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "refusal" in value;
}

/** Refusals are errors: any other status would open the route. */
function refusalReply({ refusal }: Refusal): Reply {
  const { status, code, detail } = refusal;
  const sound = Number.isInteger(status) && status >= 400 && status <= 599;
  return sound ? problemReply({ status, code: String(code), detail: String(detail) }) : unpriced();
}

function unpriced(): Reply {
  return internalReply("price_unavailable", "The price of this request is not known. It is the seller's to mend.");
}
