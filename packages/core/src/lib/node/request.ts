import type { IncomingMessage } from "node:http";
import { leavesAnotherWay } from "../incoming/detached.js";
import { hasBody, peekBody } from "../incoming/request-body.js";
import type { PaywallRequest } from "../seam.js";

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

  /** A body that was read ahead of the paywall counts as what its parser has made of it, if that is known. */
  async body(limit: number): Promise<Uint8Array | undefined> {
    const { message } = this;
    if (!hasBody(message) || this.method === "GET" || this.method === "HEAD") return undefined;
    const seen = await peekBody(message, limit);
    return seen === null ? bytesOf(this.parsedBody())?.subarray(0, limit) : seen;
  }

  /** What a body parser ahead of the paywall has made of the body. */
  protected parsedBody(): unknown {
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

/** The same bytes for the same body, and others for another. */
function bytesOf(parsed: unknown): Uint8Array | undefined {
  if (parsed === undefined || parsed === null) return undefined;
  if (parsed instanceof Uint8Array) return parsed;
  if (typeof parsed === "string") return Buffer.from(parsed);
  try {
    return Buffer.from(JSON.stringify(parsed, (_, value) => (typeof value === "bigint" ? `${value}n` : value)) ?? "");
  } catch {
    // Some parsers of forms make objects that hold themselves.
    return undefined;
  }
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
