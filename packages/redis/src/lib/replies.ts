import type { Reading, StoredAnswer, StoredPayment } from "@turnpike/core";

const UNEXPECTED = "Redis gave an unexpected reply";

/** Clients give integers as numbers, or as text if they are told to. */
export function readText(reply: unknown): string {
  if (reply instanceof Uint8Array) return Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength).toString();
  if (typeof reply === "string" || typeof reply === "number" || typeof reply === "bigint") return String(reply);
  throw new Error(UNEXPECTED);
}

export function readFlag(reply: unknown): boolean {
  const text = readText(reply);
  if (text !== "0" && text !== "1") throw new Error(UNEXPECTED);
  return text === "1";
}

/** What `read` makes of a reply, unless it says that there is nothing. */
export function optional<T>(read: (reply: unknown) => T): (reply: unknown) => T | undefined {
  return (reply) => (reply === null ? undefined : read(reply));
}

export function readReading(reply: unknown): Reading {
  const [json, leased] = readList(reply);
  return { record: readJson(json) as StoredPayment, leased: readFlag(leased) };
}

export function readAnswer(reply: unknown): StoredAnswer {
  const [status, headers, body, ends] = readList(reply);
  if (!(body instanceof Uint8Array)) throw new Error(UNEXPECTED);
  return {
    status: Number(readText(status)),
    headers: readJson(headers) as StoredAnswer["headers"],
    // A copy, since the client's Buffer is part of a larger one.
    body: new Uint8Array(body),
    expiresAt: Number(readText(ends)),
  };
}

/** A parser's own error would quote the text. */
export function readJson(reply: unknown): unknown {
  try {
    return JSON.parse(readText(reply));
  } catch {
    throw new Error(UNEXPECTED);
  }
}

export function readList(reply: unknown): readonly unknown[] {
  if (!Array.isArray(reply)) throw new Error(UNEXPECTED);
  return reply;
}
