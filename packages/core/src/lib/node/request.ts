import type { IncomingMessage } from "node:http";
import { leavesAnotherWay } from "../incoming/detached.js";
import { declaredLength, hasBody, peekBody } from "../incoming/request-body.js";
import type { PaywallRequest } from "../seam.js";
import { describeParsed } from "./parsed-body.js";

/** Bytes of `{}` with some space. Of a longer body an empty object is what its parser left there without reading it. */
const LONGEST_EMPTY = 16;

/**
 * What the engine may ask about a request that came through `node:http`. A framework extends it: its members live on
 * the prototype, so a request costs one small object and nothing is read before it is asked for.
 */
export abstract class NodeRequest<Raw> implements PaywallRequest<Raw> {
  readonly raw: Raw;
  protected readonly message: IncomingMessage;

  constructor(raw: Raw, message: IncomingMessage) {
    this.raw = raw;
    this.message = message;
  }

  get method(): string {
    return verbOf(this.message);
  }

  /** A library that upgrades first and then asks the app, as express-ws does, leaves nothing to be settled before. */
  get detached(): "settle" | "refuse" | undefined {
    const { message } = this;
    if ((message as { ws?: unknown }).ws) return "refuse";
    return leavesAnotherWay(this.method, message.headers.upgrade) ? "settle" : undefined;
  }

  header(name: string): string | undefined {
    const value = this.message.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  /**
   * Of a body that was read ahead of the paywall, what its reader has left counts: the bytes themselves, or what a parser has
   * made of them. Rejects where a body is announced, and neither it nor anything of it is there.
   */
  async body(limit: number): Promise<Uint8Array | undefined> {
    const { message } = this;
    const announced = hasBody(message);
    const bytes = this.#bytes();
    if (!announced && !bytes?.length) return undefined;
    const seen = announced ? await peekBody(message, limit) : null;
    if (seen) return seen;
    if (bytes?.length) return bytes.subarray(0, limit);
    const isJson = /json/i.test(this.header("content-type") ?? "") && !(declaredLength(message) > LONGEST_EMPTY);
    const left = await describeParsed(this.parsedBody(), this.uploads(), isJson);
    if (left) return left;
    // That nothing comes is known of a body that came to its end before our eyes, unless its length was declared.
    if (seen === undefined && !(declaredLength(message) > 0)) return undefined;
    throw new Error("The request's body was read ahead of the paywall, and nothing tells it from another");
  }

  /** The bytes of the body, where a platform or a parser keeps them. */
  #bytes(): Uint8Array | undefined {
    const { rawBody, body } = this.message as { rawBody?: unknown; body?: unknown };
    const kept = [(this.raw as { rawBody?: unknown }).rawBody, rawBody, body, this.parsedBody()];
    const bytes = kept.find((value) => typeof value === "string" || value instanceof Uint8Array);
    return typeof bytes === "string" ? Buffer.from(bytes) : (bytes as Uint8Array | undefined);
  }

  /** What a body parser ahead of the paywall has made of the body. */
  protected parsedBody(): unknown {
    return undefined;
  }

  /** Files that a parser has taken out of the body, by the shapes of the usual ones (multer, express-fileupload, formidable). */
  protected uploads(): unknown {
    return undefined;
  }

  abstract url(): string;
  abstract params(): Record<string, string>;
  abstract address(): string | undefined;
}

/** The verb as routers compare it: HTTP/2 lets a client send `get`, and routers serve it as `GET`. */
export function verbOf(message: IncomingMessage): string {
  return (message.method ?? "GET").toUpperCase();
}

/**
 * An absolute URL from the parts that a framework's proxy rules give; the target may be in absolute form itself. A host
 * that would reach into the path is left out, which the engine refuses unless an origin is configured.
 */
export function absoluteUrl(protocol: string, host: string | undefined, target: string): string {
  const path = target.startsWith("/") ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
  const authority = host === undefined || /[/?#\\]/.test(host) ? "" : host;
  return `${protocol}://${authority}${path.startsWith("/") ? path : `/${path}`}`;
}
