import { ConfigError } from "../errors.js";
import type { NetworkName, Price } from "../prices.js";
import { isPriceText } from "./price.js";

/**
 * A price out of text that TypeScript cannot see, such as an environment variable or a column of a database. The start
 * checks it like any other price; what is not one in form (`"free"` is none) is refused here.
 * @throws ConfigError if the text is undefined, or is not a price in form
 * @example { "GET /weather": price(process.env.PRICE) }
 */
export function price(text: string | undefined): Price {
  if (text !== undefined && isPriceText(text)) return text as Price;
  const given = text === undefined ? "undefined" : JSON.stringify(text).slice(0, 42);
  const message = `${given} is not a price; write "$0.01" or "0.01 EURC"`;
  throw new ConfigError([{ code: "invalid_price", path: "price", message }]);
}

/**
 * A network out of text that TypeScript cannot see, such as an environment variable. The start refuses a name that is not
 * known, and one that is undefined.
 * @example createPaywall({ payTo, network: network(process.env.NETWORK) })
 */
export function network(text: string | undefined): NetworkName {
  return text as NetworkName;
}
