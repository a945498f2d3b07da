/**
 * What some runtimes know of a Response beyond its parts. workerd: whether its body is coded already (`encodeBody`), which
 * goes from one Response to another that is made from it. Bun: that a body without a type is text, which it sends as such.
 */

/** What a Response is made of, or nothing. */
export type Body = ConstructorParameters<typeof Response>[0];

interface Runtimes {
  readonly Bun?: { inspect?(value: unknown): string };
  /** workerd alone has these. */
  readonly FixedLengthStream?: unknown;
}

/** A Response to make another from. */
export interface Native {
  /** The handler's own. */
  readonly like?: Response;
  /** A copy that is sent as it is: its body is in memory, and the runtime knows its type. */
  readonly spare?: Response;
}

/** What is to be kept of a handler's Response, before its body is read. */
export function nativeOf(value: unknown, headers: Headers): Native {
  const { Bun, FixedLengthStream } = globalThis as Runtimes;
  if (!(value instanceof Response)) return {};
  if (FixedLengthStream) return { like: value };
  if (!Bun?.inspect || headers.has("content-type") || value.bodyUsed || value.status === 204) return {};
  // A body that is no stream. Of a stream two would have to be made, and Bun knows no more of it than we do.
  return /\n\s+Blob \(/.test(Bun.inspect(value)) ? { spare: value.clone() } : {};
}

/** A Response with this body and these fields, and with whatever else the handler's own has. */
export function makeResponse(body: Body, init: ResponseInit & { headers: Headers }, like?: Response): Response {
  return like ? dress(new Response(body, like), init.headers) : new Response(body, init);
}

/** Gives a Response exactly these fields. */
export function dress(response: Response, fields: Headers): Response {
  for (const name of [...response.headers.keys()]) response.headers.delete(name);
  for (const [name, value] of fields) response.headers.append(name, value);
  return response;
}

/** The type under which Bun sends a body that has none. Text and its bytes look the same: who reads the bytes can tell only so. */
export function typeOfSpare(body: Uint8Array): string {
  return readsAsText(body) ? "text/plain;charset=utf-8" : "application/octet-stream";
}

/**
 * Whether a kept body is coded as its fields say. workerd codes a body by itself, unless it is told that it is: then what a
 * handler coded would be coded twice.
 */
export function isCoded(body: Uint8Array, headers: Headers): boolean {
  const coding = headers.get("content-encoding")?.trim().toLowerCase();
  if (coding === "gzip" || coding === "x-gzip") return body[0] === 0x1f && body[1] === 0x8b && body[2] === 8;
  // Brotli has no mark of its own; what it makes of anything is hardly ever text.
  return coding === "br" && !readsAsText(body);
}

function readsAsText(body: Uint8Array): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: bytes that no text has
    return !/[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text);
  } catch {
    return false;
  }
}
