import type { PaywallRequest } from "../seam.js";

/** What an adapter knows about a request beyond the Fetch Request itself. */
export interface RequestFacts {
  /** Values of the route's parameters. */
  params?(): Record<string, string>;
  /** The client's address, by whatever the seller trusts. */
  address?(): string | undefined;
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
    return this.#request.method;
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined;
  }

  /**
   * The request's URL on the host of its `Host` field. Servers copy the host of an absolute-form target (`GET
   * http://other/ HTTP/1.1`) into the URL; a buyer must not be told that this is where the resource lives.
   */
  url(): string {
    const { url } = this.#request;
    const host = this.#request.headers.get("host");
    if (host === null || !hostPattern.test(host)) return url;
    const start = url.indexOf("://") + 3;
    const end = url.indexOf("/", start);
    if (start < 3 || end < 0 || url.slice(start, end) === host.toLowerCase()) return url;
    return url.slice(0, start) + host.toLowerCase() + url.slice(end);
  }

  params(): Record<string, string> {
    return this.#facts?.params?.() ?? {};
  }

  address(): string | undefined {
    return this.#facts?.address?.();
  }
}

/**
 * The engine's view of a Fetch Request.
 * @param raw the framework's own request, handed to price functions and hooks
 */
export function fetchRequest<Raw>(request: Request, raw: Raw, facts?: RequestFacts): PaywallRequest<Raw> {
  return new FetchRequest(request, raw, facts);
}
