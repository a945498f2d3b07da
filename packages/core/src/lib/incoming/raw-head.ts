import type { HeaderList } from "../seam.js";

/** The longest head that fields are added to. */
const LONGEST = 16_384;

/** Reads the beginning of what is written to a connection by hand, as latin1: a head is ASCII. */
function startOf(chunk: unknown, length: number): string {
  if (typeof chunk === "string") return chunk.slice(0, length);
  if (!(chunk instanceof Uint8Array)) return "";
  return String.fromCharCode(...chunk.subarray(0, length));
}

/** The status of a head that is written to a connection; `undefined` if what is written begins with none. */
export function statusOf(chunk: unknown): number | undefined {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(startOf(chunk, 12))?.[1];
  return status === undefined ? undefined : Number(status);
}

/** The two interim heads that say nothing: what Node writes to let a client send its body, or wait. */
export function isInterim(chunk: unknown): boolean {
  return /^HTTP\/1\.1 (?:100 Continue|102 Processing)\r\n\r\n$/.test(startOf(chunk, 40));
}

/** Adds fields to the head that a chunk begins with, but those that it has. */
export function addFields(chunk: unknown, fields: HeaderList): unknown {
  if (statusOf(chunk) === undefined) return chunk;
  const text = startOf(chunk, LONGEST);
  const line = text.indexOf("\r\n") + 2;
  const end = text.indexOf("\r\n\r\n") + 2;
  if (line < 2 || end < 2) return chunk;
  const present = text.slice(line, end).toLowerCase();
  const missing = fields.filter(([name]) => !`\r\n${present}`.includes(`\r\n${name.toLowerCase()}:`));
  const more = missing.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  if (typeof chunk === "string") return chunk.slice(0, line) + more + chunk.slice(line);
  const bytes = chunk as Uint8Array;
  const added = new Uint8Array(bytes.length + more.length);
  added.set(bytes.subarray(0, line));
  added.set(new TextEncoder().encode(more), line);
  added.set(bytes.subarray(line), line + more.length);
  return added;
}
