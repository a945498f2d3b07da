import type { IncomingMessage } from "node:http";
import { leavesAnotherWay } from "../incoming/detached.js";
import { declaredLength, hasBody, peekBody } from "../incoming/request-body.js";
import type { PaywallRequest } from "../seam.js";
import { describeParsed } from "./parsed-body.js";

/** Bytes of `{}` with some space. Of a longer body an empty object is what its parser left there without reading it. */
const LONGEST_EMPTY = 16;

/**
 * A `node:http` request, as the engine reads it. Frameworks extend it: its members are on the prototype, so a request
 * costs one small object and values are read only when needed.
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

  /** With a library that upgrades before the app runs, such as express-ws, it is too late to settle first. */
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
   * If the body was read before the paywall, uses what is left of it: the bytes, or the parsed value. Rejects if a body
   * is announced and nothing of it is available.
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
    throw new Error("The request's body was read ahead of the paywall, and cannot be distinguished from another");
  }

  /** The bytes of the body, if a platform or a parser keeps them. */
  #bytes(): Uint8Array | undefined {
    const { rawBody, body } = this.message as { rawBody?: unknown; body?: unknown };
    const kept = [(this.raw as { rawBody?: unknown }).rawBody, rawBody, body, this.parsedBody()];
    const bytes = kept.find((value) => typeof value === "string" || value instanceof Uint8Array);
    return typeof bytes === "string" ? Buffer.from(bytes) : (bytes as Uint8Array | undefined);
  }

  /** The body as parsed ahead of the paywall. */
  protected parsedBody(): unknown {
    return undefined;
  }

  /**
   * Files that a parser took from the body, in the shapes of the usual ones (multer, express-fileupload, formidable).
   */
  protected uploads(): unknown {
    return undefined;
  }

  abstract url(): string;
  abstract params(): Record<string, string>;
  abstract address(): string | undefined;
}

/** The method as routers compare it: HTTP/2 lets a client send `get`, and routers serve it as `GET`. */
export function verbOf(message: IncomingMessage): string {
  return (message.method ?? "GET").toUpperCase();
}

/**
 * An absolute URL from the parts that a framework's proxy rules give; the target may itself be in absolute form. A host
 * that would run into the path is omitted, which the engine refuses unless an origin is configured.
 */
export function absoluteUrl(protocol: string, host: string | undefined, target: string): string {
  const path = target.startsWith("/") ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
  const authority = host === undefined || /[/?#\\]/.test(host) ? "" : host;
  return `${protocol}://${authority}${path.startsWith("/") ? path : `/${path}`}`;
}
