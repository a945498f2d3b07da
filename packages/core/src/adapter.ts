export type { AnyConfig, AnyTable, PayTo, PaywallConfig, RouteOptions, RoutePrice, RouteTable } from "./lib/config.js";
export { servedHint, suggestion } from "./lib/nearest.js";
export { faultReply, reportFault } from "./lib/paywall/fault.js";
export {
  type AnySource,
  engineOf,
  type Paywall,
  type PaywallSource,
  priceRoute,
  tableOf,
} from "./lib/paywall/paywall.js";
export { internalReply } from "./lib/paywall/replies.js";
export { samePrice } from "./lib/paywall/same-price.js";
export type { PriceFunction, TableKeys } from "./lib/prices.js";
export type {
  Awaitable,
  Conclusion,
  Decision,
  HeaderList,
  Outcome,
  Payment,
  PaywallRequest,
  PricedRoute,
  Reply,
  Ticket,
} from "./lib/seam.js";
export { shared } from "./lib/shared.js";
export { expressionOf, spansSegments, textsOf } from "./lib/table/expression.js";
export { neighboursOf } from "./lib/table/neighbours.js";
export { optionsReply } from "./lib/table/options.js";
export { overlaps } from "./lib/table/overlap.js";
export type { ReadPath, Segment } from "./lib/table/path.js";
export { isTooLong, readings } from "./lib/table/readings.js";
export { ambiguousPath, compileTable, type PricedPath, refuseVerb, type Table, urlTooLong } from "./lib/table/table.js";
export { originForm } from "./lib/table/target.js";
