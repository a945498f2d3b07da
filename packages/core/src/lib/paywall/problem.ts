import { HEADERS } from "../protocol/header.js";
import type { HeaderList, Reply } from "../seam.js";

/** A refusal in the form of RFC 9457. `code` is stable and explained in docs/errors.md. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  /** One sentence on what happened. */
  readonly detail: string;
  /** What the client can do about it. */
  readonly help?: string;
  readonly [member: string]: unknown;
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  402: "Payment required",
  405: "Method not allowed",
  408: "Request timeout",
  409: "Conflict",
  412: "Precondition failed",
  403: "Forbidden",
  414: "URI too long",
  429: "Too many requests",
  500: "Internal server error",
  501: "Not implemented",
  503: "Service unavailable",
  504: "Gateway timeout",
};

/** Lets browsers read the protocol's fields of a response. */
export const EXPOSED: HeaderList[number] = [
  "Access-Control-Expose-Headers",
  `${HEADERS.required}, ${HEADERS.response}`,
];

/** Tells caches that a request with a payment gets another response. */
export const VARY: HeaderList[number] = ["Vary", HEADERS.signature];

/** What every response of the engine's own carries: never cached, payment headers readable by browsers. */
export const OWN_HEADERS: HeaderList = [["Cache-Control", "no-store"], VARY, EXPOSED];

function problemBody(problem: Problem): string {
  const { status, code, detail, help, ...more } = problem;
  return JSON.stringify({ title: TITLES[status] ?? "Error", status, code, detail, ...(help ? { help } : {}), ...more });
}

export function problemReply(problem: Problem, headers: HeaderList = []): Reply {
  const type: HeaderList = [["Content-Type", "application/problem+json"]];
  return { status: problem.status, headers: [...type, ...OWN_HEADERS, ...headers], body: problemBody(problem) };
}

/** Temporarily unable: try the same request again after some seconds. @param error what was thrown, for the log */
export function unavailable(
  problem: { readonly code: string; readonly detail: string; readonly help?: string },
  seconds = 2,
  headers: HeaderList = [],
  error?: unknown,
): Reply {
  const reply = problemReply({ status: 503, ...problem }, [["Retry-After", String(seconds)], ...headers]);
  return { ...reply, fault: { code: problem.code, error } };
}
