import { type ByteSource, byteSource } from "./byte-source.js";
import { type Native, nativeOf } from "./native.js";

/** A handler's Response, read once. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** Its body, if it has one. */
  readonly source: ByteSource | undefined;
  /** The Response itself, where another would not do: the new protocol hangs on it. */
  readonly switching?: Response;
  readonly native: Native;
}

interface ResponseLike {
  readonly status: number;
  readonly statusText?: string;
  readonly headers: HeadersLike;
  readonly body?: unknown;
  readonly bodyUsed?: boolean;
}

interface HeadersLike extends Iterable<[string, string]> {
  getSetCookie?(): string[];
  /** node-fetch's, whose iteration joins several Set-Cookie fields. */
  raw?(): Record<string, string[]>;
}

const reasonPattern = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Reads what a handler returned. Responses are told by their shape, never by `instanceof`: the handler's may stem from
 * another realm, a polyfill or node-fetch.
 * @param upgrade the connection may switch to another protocol
 * @throws TypeError if it is not a response that could still be sent
 */
export function readAnswer(value: unknown, upgrade = false): Answer {
  if (!isResponse(value)) throw new TypeError("The handler did not return a Response.");
  // Servers' own Response classes build their headers while they still know how the body was given, so headers first.
  const headers = copyHeaders(value.headers);
  const { status, statusText = "" } = value;
  if (upgrade && status === 101) {
    return {
      status,
      statusText: "",
      headers,
      source: undefined,
      switching: value as ResponseLike as Response,
      native: {},
    };
  }
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new TypeError(`The handler returned a Response with status ${status}, which cannot be sent.`);
  }
  const native = nativeOf(value, headers);
  const reason = reasonPattern.test(statusText) ? statusText : "";
  return { status, statusText: reason, headers, source: byteSource(value), native };
}

function isResponse(value: unknown): value is ResponseLike {
  if (typeof value !== "object" || value === null) return false;
  const { status, headers } = value as Partial<ResponseLike>;
  return typeof status === "number" && typeof headers === "object" && headers !== null && Symbol.iterator in headers;
}

function copyHeaders(headers: HeadersLike): Headers {
  const copy = new Headers();
  const cookies = headers.getSetCookie?.() ?? headers.raw?.()["set-cookie"];
  for (const [name, value] of headers) {
    if (cookies === undefined || name.toLowerCase() !== "set-cookie") copy.append(name, value);
  }
  for (const cookie of cookies ?? []) copy.append("set-cookie", cookie);
  return copy;
}
