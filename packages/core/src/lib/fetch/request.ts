import type { PaywallRequest } from "../seam.js";
import { detachedOf } from "./detached.js";
import { join } from "./gather.js";

/** What an adapter knows about a request beyond the Fetch Request itself. */
export interface RequestFacts {
  /** Values of the route's parameters. */
  params?(): Record<string, string>;
  /** The full pattern of the path, in the framework's language; of a table's key, if one is given. */
  pattern?(own?: string): string | undefined;
  /** The client's address, by whatever the seller trusts. */
  address?(): string | undefined;
  /** The request as the app has it now, where the framework lets the app put another in its place. */
  current?(): Request;
  /** What the framework has taken off the front of the path, and the client has asked with: `/shop`. */
  readonly basePath?: string;
  /** Whether the client asked for that path alone as `/shop/`. @default false */
  readonly trailingSlash?: boolean;
  /** Whether the server upgrades a connection from within a handler. @default whether the runtime does */
  readonly upgrades?: boolean | undefined;
  /**
   * The first bytes of the body, where the framework knows a better way to them than the Fetch Request is: it has read
   * them and still gives them to every reader. `undefined` if there is no body, `null` if it does not know.
   */
  body?(limit: number): Promise<Uint8Array | undefined | null>;
}

const hostPattern = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** A Fetch Request as the engine sees it. Everything is read when asked for. */
class FetchRequest<Raw> implements PaywallRequest<Raw> {
  readonly #request: Request;
  readonly #facts: RequestFacts | undefined;
  readonly raw: Raw;

  constructor(request: Request, raw: Raw, facts: RequestFacts | undefined) {
    this.#request = request;
    this.#facts = facts;
    this.raw = raw;
  }

  get method(): string {
    return this.#now().method;
  }

  routed(): string {
    const { url } = this.#now();
    const start = url.indexOf("/", url.indexOf("://") + 3);
    return start < 0 ? "/" : (url.slice(start).split("#", 1)[0] as string);
  }

  #now(): Request {
    return this.#facts?.current?.() ?? this.#request;
  }

  get detached(): "settle" | "refuse" | undefined {
    return detachedOf(this.#request, this.#facts?.upgrades);
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined;
  }

  /**
   * The URL that the client asked, on the host of the `Host` field. Servers copy the host of an absolute-form target (`GET
   * http://other/ HTTP/1.1`) into the URL; a buyer must not see that as the resource's URL.
   */
  url(): string {
    const { url } = this.#request;
    const { basePath = "" } = this.#facts ?? {};
    const given = this.#request.headers.get("host");
    const host = given !== null && hostPattern.test(given) ? given.toLowerCase() : undefined;
    const start = url.indexOf("://") + 3;
    const end = url.indexOf("/", start);
    if (start < 3 || end < 0) return url;
    if (basePath === "" && (host === undefined || url.slice(start, end) === host)) return url;
    const atRoot = basePath !== "" && !this.#facts?.trailingSlash && /^\/(?:[?#]|$)/.test(url.slice(end));
    return url.slice(0, start) + (host ?? url.slice(start, end)) + basePath + url.slice(atRoot ? end + 1 : end);
  }

  params(): Record<string, string> {
    return this.#facts?.params?.() ?? {};
  }

  pattern(own?: string): string | undefined {
    return this.#facts?.pattern?.(own);
  }

  address(): string | undefined {
    return this.#facts?.address?.();
  }

  async body(limit: number): Promise<Uint8Array | undefined> {
    const request = this.#request;
    // A Fetch Request of these methods has no body that a handler could read.
    if (request.method === "GET" || request.method === "HEAD") return undefined;
    const known = this.#facts?.body ? await this.#facts.body(limit) : null;
    return known === null ? peekBody(request, limit) : known;
  }
}

/** Requests whose bodies are read as far as they were looked at: only a reader takes the rest. */
const begun = new WeakSet<Request>();

/**
 * Takes the rest of a body that was looked at and will not be read now, as servers do by themselves with a body that
 * was not touched. Otherwise the connection stalls.
 */
export function drainRequest(request: Request): void {
  if (!begun.delete(request) || request.bodyUsed || request.body?.locked) return;
  request.body?.pipeTo(new WritableStream()).catch(() => {});
}

/**
 * The first bytes of a body, of which the request itself still has all. Rejects if the client leaves before, and where
 * it was read already: then nothing distinguishes it from another.
 */
async function peekBody(request: Request, limit: number): Promise<Uint8Array | undefined> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (request.body === null && !(declared > 0)) return undefined;
  if (request.bodyUsed || request.body?.locked) throw new Error("The request's body was read ahead of the paywall");
  if (request.headers.get("content-length") === "0") return undefined;
  const copy = request.clone();
  begun.add(request);
  const reader = copy.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (reader && size < limit) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.byteLength;
  }
  // From here on the request reads for itself alone. That this is done is told only once the request is cancelled too.
  reader?.cancel().catch(() => {});
  if (size === 0 && declared > 0) throw new Error("The request's body did not arrive");
  return size === 0 ? undefined : join({ chunks, size }).subarray(0, limit);
}

/**
 * The engine's view of a Fetch Request.
 * @param raw the framework's own request, handed to price functions and hooks
 */
export function fetchRequest<Raw>(request: Request, raw: Raw, facts?: RequestFacts): PaywallRequest<Raw> {
  return new FetchRequest(request, raw, facts);
}
