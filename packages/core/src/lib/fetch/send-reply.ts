import type { Reply } from "../seam.js";
import { type DepartureOptions, reporter, sendOn } from "./departure.js";
import type { Gathered } from "./gather.js";
import { toResponse } from "./reply.js";

export interface ReplyOptions extends DepartureOptions {
  /** Of the request: a response to `HEAD` has no body. */
  readonly method?: string;
  /** What the app sets on every response; yields to the reply's own. */
  readonly outer?: Headers;
}

/** An engine's reply as the Response that is sent. The engine learns that it left, where it asks for that. */
export function sendReply(reply: Reply, options: ReplyOptions): Response {
  const { delivered, body } = reply;
  const response = toResponse(reply, options.method, options.outer);
  if (!delivered) return response;
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : (body ?? new Uint8Array());
  const size = bytes.byteLength;
  const held: Gathered = { end: "whole", chunks: size === 0 ? [] : [bytes], size };
  return sendOn(
    held,
    response.body ? nothingMore : undefined,
    (given) => (given === bytes ? response : new Response(given, response)),
    reporter({ delivered: (whole) => delivered(whole) }, options),
    options,
  );
}

/** All of the body is held. */
const nothingMore = { read: async () => undefined, cancel: async () => {} };
