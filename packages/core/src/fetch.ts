/** What adapters of frameworks share that speak Fetch: `Request` and `Response`. Runs wherever these two do. */
export { type HoldOptions, holdResponse } from "./lib/fetch/hold.js";
export { toResponse } from "./lib/fetch/reply.js";
export { fetchRequest, type RequestFacts } from "./lib/fetch/request.js";
