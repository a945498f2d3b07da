import type { OutgoingHttpHeader, ServerResponse } from "node:http";
import { validateHeaderName, validateHeaderValue } from "node:http";
import type { HeaderList } from "../seam.js";
import { invalidStatus, oddHeaders, uselessTrailer } from "./node-errors.js";
import { keepsRepeats } from "./node-traits.js";

type Pair = readonly [name: string, value: OutgoingHttpHeader];

/**
 * Does to a response what `writeHead` would, short of sending: status, message, and headers given as an object, as a
 * flat array or as pairs. Throws what Node throws.
 */
export function foldHead(response: ServerResponse, args: readonly unknown[]): void {
  const [status, reason, rest] = args;
  const code = Number(status) | 0;
  if (code < 100 || code > 999) throw invalidStatus(status);
  if (typeof reason === "string") {
    validateHeaderValue("statusMessage", reason);
    if (isHttp1(response)) response.statusMessage = reason;
  }
  response.statusCode = code;
  const headers = (typeof reason === "string" ? rest : (rest ?? reason)) as object | undefined;
  if (Array.isArray(headers)) foldPairs(response, pairsOf(headers));
  else if (headers) for (const [name, value] of Object.entries(headers)) if (name) response.setHeader(name, value);
  if (isHttp1(response)) checkTrailer(response);
}

function pairsOf(headers: readonly unknown[]): readonly Pair[] {
  if (Array.isArray(headers[0])) return headers as Pair[];
  if (headers.length % 2 !== 0) throw oddHeaders();
  const pairs: Pair[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    pairs.push([headers[at] as string, headers[at + 1] as OutgoingHttpHeader]);
  }
  return pairs;
}

/** A name may come several times; together its values replace what was set before, where this Node does so. */
function foldPairs(response: ServerResponse, pairs: readonly Pair[]): void {
  const fresh = response.getHeaderNames().length === 0;
  if (!fresh && isHttp1(response) && !keepsRepeats()) {
    for (const [name, value] of pairs) if (name) response.setHeader(name, value);
    return;
  }
  if (!fresh) for (const [name] of pairs) if (response.hasHeader(name)) response.removeHeader(name);
  for (const [name, value] of pairs) if (name) response.appendHeader(name, value as string | string[]);
}

/** Node refuses to announce trailers on a response that is not chunked. */
function checkTrailer(response: ServerResponse): void {
  if (!response.hasHeader("trailer")) return;
  const coding = response.getHeader("transfer-encoding");
  const chunked =
    coding === undefined
      ? !response.hasHeader("content-length") && response.useChunkedEncodingByDefault && !isBodiless(response)
      : /chunked/i.test(String(coding));
  if (!chunked) throw uselessTrailer();
}

/** Throws what `addTrailers` throws. */
export function checkTrailers(trailers: object): void {
  const pairs = Array.isArray(trailers) ? (trailers as Pair[]) : Object.entries(trailers as Record<string, string>);
  for (const [name, value] of pairs) {
    validateHeaderName(name);
    for (const one of [value].flat()) validateHeaderValue(name, String(one));
  }
}

/** Neither a `HEAD` response nor these statuses carry a body; Node drops what is written to them. */
export function isBodiless(response: ServerResponse): boolean {
  const status = response.statusCode;
  return response.req?.method === "HEAD" || status === 204 || status === 304 || status < 200;
}

/** Whether this is `node:http`'s own response and not the likeness that `node:http2` offers. */
export function isHttp1(response: ServerResponse): boolean {
  return Object.hasOwn(response, "_header");
}

/** All headers as they will be sent, repeated fields one by one, names as they were written. */
export function listHeaders(response: ServerResponse): HeaderList {
  const { getRawHeaderNames } = response as { getRawHeaderNames?(): string[] };
  const names = getRawHeaderNames?.call(response) ?? response.getHeaderNames();
  const list: HeaderList = [];
  for (const name of names) {
    if (name.startsWith(":")) continue;
    const value = response.getHeader(name);
    for (const one of Array.isArray(value) ? value : [value]) list.push([name, String(one)]);
  }
  return list;
}
