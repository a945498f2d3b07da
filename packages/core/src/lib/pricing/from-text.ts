import { ConfigError } from "../errors.js";
import type { NetworkName, Price } from "../prices.js";
import { isPriceText } from "./price.js";

/**
 * A price from text that TypeScript cannot check, such as an environment variable or a database column. The start
 * validates it like any other price; text that is not in the form of a price (such as `"free"`) throws here.
 * @throws ConfigError if the text is undefined, or not in the form of a price
 * @example { "GET /weather": price(process.env.PRICE) }
 */
export function price(text: string | undefined): Price {
  if (text !== undefined && isPriceText(text)) return text as Price;
  const given = text === undefined ? "undefined" : JSON.stringify(text).slice(0, 42);
  const message = `${given} is not a price; write "$0.01" or "0.01 EURC"`;
  throw new ConfigError([{ code: "invalid_price", path: "price", message }]);
}

/**
 * A network from text that TypeScript cannot check, such as an environment variable. The start refuses an unknown or
 * undefined name.
 * @example createPaywall({ payTo, network: network(process.env.NETWORK) })
 */
export function network(text: string | undefined): NetworkName {
  return text as NetworkName;
}
