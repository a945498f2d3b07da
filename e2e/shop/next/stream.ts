import { readCount } from "@turnpike/shop-shared/answers";
import { events, streamOf } from "@turnpike/shop-shared/streams";
import { queryOf } from "./shop";

/** The answer of `/stream` and `/stream-first`. */
export function stream(request: Request): Response {
  const query = queryOf(request);
  const pieces = events(readCount(query, "events", 3), readCount(query, "ms", 10));
  return new Response(streamOf(pieces), { headers: { "content-type": "text/event-stream" } });
}
