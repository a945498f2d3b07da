/** What adapters of frameworks share that speak Fetch: `Request` and `Response`. Runs wherever these two do. */
export { guardNode, watchUpgrade } from "./lib/fetch/detached.js";
export { type HoldOptions, holdResponse } from "./lib/fetch/hold.js";
export { peekIncoming } from "./lib/fetch/incoming.js";
export { toResponse } from "./lib/fetch/reply.js";
export { drainRequest, fetchRequest, type RequestFacts } from "./lib/fetch/request.js";
export { sendReply } from "./lib/fetch/send-reply.js";
export { type Connection, type Outgoing, watchDeparture } from "./lib/incoming/departure.js";
