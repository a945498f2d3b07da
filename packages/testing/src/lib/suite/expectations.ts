import type { PaymentRequired } from "@turnpike/core/protocol";
import { expect } from "vitest";
import { decodeHeader, readChallenge, readReceipt } from "../client/header.js";
import type { RawAnswer } from "../client/raw-request.js";

/** Text from hostile facilitators and handlers that no response may repeat. */
export const secret = "s3cr3t-<script>alert(1)</script>";

/** The stable code of a problem+json response; fails unless it is one with a sentence. */
export async function problemOf(response: Response): Promise<string> {
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json\b/);
  const problem = (await response.json()) as { code?: unknown; detail?: unknown; status?: unknown };
  expect(problem.code).toMatch(/^[a-z0-9_]+$/);
  expect(problem.detail).toEqual(expect.stringMatching(/\S/));
  expect(problem.status ?? response.status).toBe(response.status);
  return String(problem.code);
}

/** A 402 with a challenge and without a success receipt, which nothing may cache. */
export function expectChallenge(response: Response, what?: string): PaymentRequired {
  expect(response.status, what).toBe(402);
  expect(response.headers.get("cache-control"), what).toMatch(/\bno-store\b/);
  const required = readChallenge(response);
  if (!required) throw new Error(`${what ?? "402"}: no PAYMENT-REQUIRED`);
  return required;
}

/** A 503 for an unknown outcome, or an unreachable facilitator: it must not invite a second signature. */
export function expectRetryLater(response: Response, what?: string): void {
  expect(response.status, what).toBe(503);
  expect(response.headers.get("retry-after"), what).toMatch(/^[1-9]\d*$/);
  expect(response.headers.get("payment-required"), what).toBeNull();
  expect(readReceipt(response)?.success ?? false, what).toBe(false);
}

/** No header and no byte of the body says what only the facilitator (or the withheld handler) said. */
export async function expectSilentAbout(words: string, response: Response, what?: string): Promise<void> {
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\n${tryDecode(value)}`);
  expect(`${headers.join("\n")}\n${await response.clone().text()}`, what).not.toContain(words);
  expect(response.headers.get("extension-responses"), what).toBeNull();
}

function tryDecode(value: string): string {
  try {
    return JSON.stringify(decodeHeader(value));
  } catch {
    return "";
  }
}

/** Refused or asked to pay or not found, and never an error of the server's own. */
export function expectShut(answer: RawAnswer, what: string): void {
  expect(answer.status, what).toBeGreaterThanOrEqual(300);
  expect(answer.status, what).toBeLessThan(500);
}

/** The URL that a raw response's challenge names, if it has a challenge. */
export function resourceOf(answer: RawAnswer): string | undefined {
  const header = answer.header("payment-required");
  return header === undefined ? undefined : (decodeHeader(header) as PaymentRequired).resource.url;
}
