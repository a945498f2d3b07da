import type { Facilitator } from "@turnpike/core";
import { parseFacilitatorRequest } from "@turnpike/core/protocol";

/** Bytes of a request's body that are read at most. */
const MAX_BODY = 64 * 1024;
/** Seconds after which to try again while the chain cannot be reached. */
const RETRY_AFTER = "2";

/** What a server asks of a request to a facilitator. */
export interface IncomingCall {
  readonly method: string;
  /** Its last segment names the call, so that a facilitator can be served below any path. */
  readonly path: string;
  readonly contentType: string | undefined;
  /** What the caller's header says (`SETTLE_TOKEN`). */
  readonly token: string | undefined;
  /** Ends when the caller leaves. */
  readonly signal: AbortSignal;
  /** The body, or nothing if it is longer than the limit. */
  body(limit: number): Promise<Uint8Array | undefined>;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const CALLS = new Map([
  ["supported", { allow: "GET, HEAD", methods: new Set(["GET", "HEAD"]) }],
  ["verify", { allow: "POST", methods: new Set(["POST"]) }],
  ["settle", { allow: "POST", methods: new Set(["POST"]) }],
]);

/** Serves one HTTP request to a facilitator (core specification, 7). Never rejects, and never shows an error's own text. */
export async function answerCall(facilitator: Facilitator, call: IncomingCall): Promise<CallAnswer> {
  const operation = call.path.slice(call.path.lastIndexOf("/") + 1);
  const known = CALLS.get(operation);
  if (!known) return problem(404, "not_found", "A facilitator serves /supported, /verify and /settle.");
  if (!known.methods.has(call.method)) {
    return problem(405, "method_not_allowed", `/${operation} must be called with ${known.allow}.`, {
      allow: known.allow,
    });
  }
  try {
    if (operation === "supported") return json(await facilitator.supported({ signal: call.signal }));
    const request = await readBody(call);
    if ("status" in request) return request;
    const { signal, token } = call;
    if (operation === "verify") return json(await facilitator.verify(request.value, { signal }));
    return json(await facilitator.settle(request.value, { signal, ...(token ? { token } : {}) }));
  } catch (error) {
    return explain(error);
  }
}

async function readBody(call: IncomingCall): Promise<CallAnswer | { value: Parameters<Facilitator["verify"]>[0] }> {
  if (!/^application\/json\s*(?:;|$)/i.test(call.contentType ?? "")) {
    return problem(415, "unsupported_media_type", "The body must be JSON, with Content-Type: application/json.");
  }
  const bytes = await call.body(MAX_BODY);
  if (!bytes) return problem(413, "body_too_large", `The body may have at most ${MAX_BODY} bytes.`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return problem(400, "invalid_json", "The body is not JSON in UTF-8.");
  }
  const parsed = parseFacilitatorRequest(value);
  return "value" in parsed
    ? parsed
    : problem(400, "invalid_request", `The request is not valid x402: ${parsed.problem}.`);
}

/** Known by its fields: a facilitator of another copy of the core throws another class. */
function explain(error: unknown): CallAnswer {
  const { name, code } = (error ?? {}) as { name?: string; code?: unknown };
  if (name !== "FacilitatorError" || typeof code !== "string") {
    return problem(500, "internal_error", "The facilitator failed. The effect of this call is unknown.");
  }
  const detail = "The facilitator cannot reach a service it needs. Call again with the same payment.";
  return problem(503, code, detail, { "retry-after": RETRY_AFTER });
}

function json(value: unknown): CallAnswer {
  return { status: 200, headers: headers("application/json"), body: JSON.stringify(value) };
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  404: "Not found",
  405: "Method not allowed",
  413: "Content too large",
  415: "Unsupported media type",
  500: "Internal server error",
  503: "Service unavailable",
};

function problem(
  status: number,
  code: string,
  detail: string,
  more: Readonly<Record<string, string>> = {},
): CallAnswer {
  const body = JSON.stringify({ title: TITLES[status], status, code, detail });
  return { status, headers: { ...headers("application/problem+json"), ...more }, body };
}

function headers(type: string): Record<string, string> {
  return { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff" };
}
