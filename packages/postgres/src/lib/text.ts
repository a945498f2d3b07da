import type { Value } from "./queries.js";

/**
 * JSON in ASCII. So nothing depends on the database's encoding, and what UTF-8 or PostgreSQL cannot hold (half a
 * surrogate pair, a NUL) goes through as an escape.
 */
export function writeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** An id or a key as a column holds it: in ASCII, and two that differ stay different. Usual ones are left as they are. */
export function writeName(name: string): string {
  return writeJson(name).slice(1, -1);
}

export function readName(text: string): string {
  return JSON.parse(`"${text}"`) as string;
}

export const writeBytes = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");

/** PostgreSQL breaks the lines of base64, which Node takes in its stride. */
export const readBytes = (text: string): Uint8Array => Buffer.from(text, "base64");

/** A column that is never null. */
export function required(value: Value | undefined): string {
  if (typeof value === "string") return value;
  throw new TypeError("PostgreSQL returned no text for a text column");
}
