import { mergeHeader } from "../merge-headers.js";
import type { HeaderList, Reply } from "../seam.js";

/** The parts of a Node response that writing a reply takes: the response itself, or what a hold lets through. */
export interface ReplyTarget {
  statusCode: number;
  getHeader(name: string): number | string | string[] | undefined;
  setHeader(name: string, value: string | string[]): unknown;
  end(body?: string | Uint8Array): unknown;
}

/**
 * Writes a response from the engine. Headers that the app has set stay, list fields are merged; `HEAD`, 204 and 304 get
 * no body.
 */
export function writeReply(target: ReplyTarget, reply: Reply, method: string | undefined): void {
  target.statusCode = reply.status;
  const bare = reply.status === 204 || reply.status === 304;
  const silent = bare || method?.toUpperCase() === "HEAD";
  setHeaders(
    target,
    reply.headers.filter(([name]) => !isFraming(name.toLowerCase(), silent)),
  );
  const body = reply.body ?? "";
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  const known = silent && target.getHeader("content-length") !== undefined;
  if (!bare && !known) target.setHeader("Content-Length", String(length));
  if (silent || length === 0) target.end();
  else target.end(body);
}

/** Fields that Node writes by itself, from what it is given to send; without a body the length is only known by name. */
function isFraming(name: string, silent: boolean): boolean {
  if (name === "content-length") return !silent;
  return name === "transfer-encoding" || name === "connection" || name === "keep-alive";
}

/** Sets headers over those that are there: list fields gain what is missing, a name that comes twice is sent twice. */
export function setHeaders(target: Pick<ReplyTarget, "getHeader" | "setHeader">, headers: HeaderList): void {
  headers.forEach(([name, value], at) => {
    const present = target.getHeader(name);
    const existing = Array.isArray(present) ? present.join(", ") : present?.toString();
    const merged = mergeHeader(name, existing, value);
    // A field that is no list is replaced by its first occurrence here and repeated by the next.
    const repeated = merged === value && present !== undefined && isAmong(name, headers, at);
    target.setHeader(name, repeated ? [present, value].flat().map(String) : merged);
  });
}

function isAmong(name: string, headers: HeaderList, count: number): boolean {
  const key = name.toLowerCase();
  for (let at = 0; at < count; at++) if (headers[at]?.[0].toLowerCase() === key) return true;
  return false;
}
