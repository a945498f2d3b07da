import type { ComputedPrice, Price, PriceFunction, Refusal } from "../prices.js";
import type { TokenAmount } from "../pricing/price.js";
import type { Reply } from "../seam.js";
import { within } from "../within.js";
import type { NetworkTerms } from "./compile.js";
import { makeOffer, type Offer } from "./offer.js";
import { problemReply } from "./problem.js";
import { internalReply } from "./replies.js";

/** Milliseconds that a price function may take. */
const TIME_LIMIT = 5_000;

/** Rejects a request before asking for payment: return it from a price function. */
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
    let value: ComputedPrice | Refusal;
    try {
      value = await within(Promise.resolve(price(request)), TIME_LIMIT, () => {
        throw new Error("The price function took too long");
      });
    } catch (error) {
      return unpriced(error);
    }
    if (isRefusal(value)) return refusalReply(value);
    const offers: Offer[] = [];
    for (const { terms, read } of networks) {
      const amount = read(value);
      if ("problem" in amount) return unpriced(new Error(`The price function returned no price: ${amount.problem}`));
      const bounded = clamp(amount, minPrice, maxPrice, read);
      const offer = bounded ? makeOffer(terms, bounded) : "";
      if (typeof offer === "string") return unpriced(new Error(offer || CROSSED));
      offers.push(offer);
    }
    return offers;
  };
}

/** The amount within its bounds; `undefined` if it is in another token than a bound, which then bounds nothing. */
function clamp(
  amount: TokenAmount,
  minPrice: Price | undefined,
  maxPrice: Price | undefined,
  read: NetworkTerms["read"],
): TokenAmount | undefined {
  const bounds = [minPrice, maxPrice].map((bound) => (bound === undefined ? amount : read(bound)));
  const [min, max] = bounds;
  if (!min || !max || "problem" in min || "problem" in max) return undefined;
  if (min.token !== amount.token || max.token !== amount.token) return undefined;
  if (amount.atomic < min.atomic) return min;
  return amount.atomic > max.atomic ? max : amount;
}

function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "refusal" in value;
}

/** Refusals are errors: any other status would open the route. */
function refusalReply({ refusal }: Refusal): Reply {
  const { status, code, detail } = refusal;
  const sound = Number.isInteger(status) && status >= 400 && status <= 599;
  if (sound) return problemReply({ status, code: String(code), detail: String(detail) });
  return unpriced(
    new RangeError(`The price function refused with the status ${String(status)}, which is not an error status`),
  );
}

const CROSSED = "The price function returned a price in another token than `minPrice` or `maxPrice`";

function unpriced(error: unknown): Reply {
  return internalReply("price_unavailable", "The price of this request cannot be determined at the moment.", error);
}
