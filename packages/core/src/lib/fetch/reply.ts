import { mergeHeader } from "../merge-headers.js";
import type { HeaderList, Reply } from "../seam.js";
import type { Body } from "./native.js";
import { isCoded } from "./native.js";

/** Whether a response with this status has no body whatever the handler gave it. */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** Sets the engine's fields on a response that may have them already. */
export function setHeaders(headers: Headers, list: HeaderList): Headers {
  for (const [name, value] of list) {
    if (name.toLowerCase() === "set-cookie") headers.append(name, value);
    else headers.set(name, mergeHeader(name, headers.get(name) ?? undefined, value));
  }
  return headers;
}

/**
 * An engine's reply as a Response.
 * @param method of the request: a response to `HEAD` has no body
 * @param outer what the app sets on every response; yields to the reply's own
 */
export function toResponse({ status, headers, body }: Reply, method?: string, outer?: Headers): Response {
  const content = method === "HEAD" || isBodiless(status) ? null : (body ?? null);
  const fields = outer ? setHeaders(new Headers(outer), headers) : new Headers(headers);
  const init: ResponseInit & { encodeBody?: "manual" } = { status, headers: fields };
  // A kept response of a handler: its encoded bytes are sent as they are.
  if (content instanceof Uint8Array && isCoded(content, fields)) init.encodeBody = "manual";
  return new Response(content as Body, init);
}
