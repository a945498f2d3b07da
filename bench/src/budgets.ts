/** The budgets of the design that this benchmark can see. */
export const BUDGETS = {
  /** Microseconds that a free request costs beside 1,000 priced routes. */
  free: 0.5,
  /** Microseconds of the engine for a request without payment, at a fixed price. */
  unpaid: 3,
  /** Microseconds of the engine for a paid request, without facilitator, chain and store. */
  paid: 60,
  /** Calls of the facilitator for one paid request, settled after the handler or before it. */
  callsAfter: 2,
  callsBefore: 1,
  /** Microseconds of CPU for one call of a facilitator over HTTP. */
  call: 100,
  /** Of the official middleware's CPU for a paid request over an HTTP facilitator. */
  paidOverHttp: 0.25,
  /** Milliseconds that a stream's first byte waits for us, beside one settlement. */
  firstByte: 10,
  /** MB of memory that an answer of 300 MB takes. */
  longAnswer: 32,
  /** KB of the edge bundle, minified and compressed. */
  edge: 20,
  /** Milliseconds of importing the engine and one adapter, beyond the framework's own. */
  import: 10,
  /** MB that the packages add to an Express app. */
  installed: 8,
  /** Bytes of a usual route's `PAYMENT-REQUIRED` header. */
  header: 1024,
} as const;
