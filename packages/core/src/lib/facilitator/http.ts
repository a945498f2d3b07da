import { createTransport } from "#transport";
import { ConfigError, FacilitatorError } from "../errors.js";
import {
  type Parsed,
  parseSettlementResponse,
  parseSupportedResponse,
  parseVerifyResponse,
} from "../protocol/schemas.js";
import type { FacilitatorRequest, SettlementResponse } from "../protocol/types.js";
import type { Awaitable } from "../seam.js";
import { unknownOptions } from "../unknown-options.js";
import { SETTLE_TOKEN } from "./settle-token.js";
import type { Transport, TransportAnswer } from "./transport.js";
import type { CallOptions, Facilitator } from "./types.js";

export type FacilitatorOperation = "verify" | "settle" | "supported";

/** What a call's credentials may depend on. */
export interface FacilitatorCall {
  readonly operation: FacilitatorOperation;
  readonly method: "GET" | "POST";
  readonly url: string;
}

export interface HttpFacilitatorOptions {
  /** Headers for one call, such as credentials; called for each one. */
  readonly headers?: (call: FacilitatorCall) => Awaitable<Record<string, string>>;
  /** Allows plain http to a host other than this machine, for private networks. @default false */
  readonly insecure?: boolean;
}

/** Most seconds of a `Retry-After` that are respected. */
const MAX_RETRY_AFTER = 5;

/** Milliseconds to wait for a `/settle` response after the caller's timeout, and for how many calls at once. */
const LISTENING = 60_000;
const MOST_LISTENING = 64;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * A facilitator over HTTP (core specification, 7). Follows no redirects, limits the size of responses and parses them
 * strictly. A settle call is sent once.
 * @param base its base URL, to which `/verify`, `/settle` and `/supported` are appended
 * @throws ConfigError if the URL is not https (or http to this machine)
 */
export function httpFacilitator(base: string, options: HttpFacilitatorOptions = {}): Facilitator {
  const id = checkUrl(base, options.insecure === true);
  const misspelt = unknownOptions("httpFacilitator", options, ["headers", "insecure"]);
  if (misspelt.length > 0) throw new ConfigError(misspelt);
  const flaw = deadEnd(id, options.headers !== undefined);
  if (flaw) throw new ConfigError([{ code: "invalid_facilitator", path: "facilitator", message: flaw }]);
  const transport = createTransport();

  const call = async <T>(
    operation: FacilitatorOperation,
    body: FacilitatorRequest | undefined,
    read: (answer: TransportAnswer) => Parsed<T>,
    callOptions: CallOptions | undefined,
  ): Promise<T> => {
    const about = { operation, url: `${id}/${operation}`, method: body ? "POST" : "GET" } as const;
    const answer = await send(transport, about, body, options, callOptions);
    return judge(answer, read(answer));
  };

  const settle = (request: FacilitatorRequest, callOptions?: CallOptions): Promise<SettlementResponse> =>
    call(
      "settle",
      request,
      (answer) => negative(answer, parseSettlementResponse, (value) => value.success),
      callOptions,
    );

  let listening = 0;
  /** Stops waiting at the caller's timeout, but keeps the connection: a facilitator may report a success only once. */
  const listen = (
    request: FacilitatorRequest,
    callOptions: CallOptions,
    signal: AbortSignal,
    late: NonNullable<CallOptions["late"]>,
  ): Promise<SettlementResponse> => {
    const connection = new AbortController();
    const answer = settle(request, { ...callOptions, signal: connection.signal });
    return new Promise((resolve, reject) => {
      answer.then(resolve, reject);
      signal.addEventListener("abort", () => {
        if (listening >= MOST_LISTENING) return connection.abort();
        listening++;
        reject(new FacilitatorError("facilitator_timeout", "The facilitator took too long", { sent: true }));
        const timer = setTimeout(() => connection.abort(), LISTENING);
        (timer as { unref?: () => void }).unref?.();
        const end = () => {
          clearTimeout(timer);
          listening--;
        };
        answer
          .then(late)
          .catch(() => undefined)
          .finally(end);
      });
    });
  };

  return {
    id,
    supported: (callOptions) =>
      call("supported", undefined, (answer) => ok(answer, parseSupportedResponse), callOptions),
    verify: (request, callOptions) =>
      call("verify", request, (answer) => negative(answer, parseVerifyResponse, (value) => value.isValid), callOptions),
    settle: (request, callOptions) => {
      const { signal, late } = callOptions ?? {};
      return callOptions && late && signal?.aborted === false
        ? listen(request, callOptions, signal, late)
        : settle(request, callOptions);
    },
  };
}

async function send(
  transport: Transport,
  call: FacilitatorCall,
  body: FacilitatorRequest | undefined,
  options: HttpFacilitatorOptions,
  callOptions: CallOptions | undefined,
): Promise<TransportAnswer> {
  let credentials: Record<string, string> = {};
  try {
    if (options.headers) credentials = await options.headers(call);
  } catch (cause) {
    throw new FacilitatorError("facilitator_credentials", "The credentials for the facilitator could not be created", {
      sent: false,
      cause,
    });
  }
  return transport({
    method: call.method,
    url: call.url,
    headers: {
      accept: "application/json",
      ...(body ? { "content-type": "application/json" } : {}),
      ...(callOptions?.token ? { [SETTLE_TOKEN]: callOptions.token } : {}),
      ...credentials,
    },
    signal: callOptions?.signal ?? new AbortController().signal,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

/** Only a 2xx response counts. */
function ok<T>(answer: TransportAnswer, parse: (value: unknown) => Parsed<T>): Parsed<T> {
  return isOk(answer) ? readJson(answer, parse) : { problem: "status" };
}

/** A refusal may also have a 4xx status with a matching body, or be plain text; a success may not. */
function negative<T>(
  answer: TransportAnswer,
  parse: (value: unknown) => Parsed<T>,
  positive: (value: T) => boolean,
): Parsed<T> {
  const strict = isOk(answer) ? readJson(answer, parse) : undefined;
  if (strict && "value" in strict) return strict;
  const { status } = answer;
  const refusing = strict || (status >= 400 && status < 500 && status !== 429 && status !== 408);
  const parsed = refusing ? readJson(answer, parse, JSON_OR_TEXT) : undefined;
  return parsed && "value" in parsed && !positive(parsed.value) ? parsed : (strict ?? { problem: "status" });
}

function judge<T>(answer: TransportAnswer, parsed: Parsed<T>): T {
  if ("value" in parsed) return parsed.value;
  const { status } = answer;
  const seconds = Number(answer.header("retry-after"));
  const wait = seconds > 0 ? { retryAfter: Math.min(Math.ceil(seconds), MAX_RETRY_AFTER) } : {};
  if (!isOk(answer)) {
    throw new FacilitatorError("facilitator_status", `The facilitator responded with status ${status}`, {
      sent: true,
      status,
      ...wait,
    });
  }
  throw new FacilitatorError(
    "facilitator_unreadable",
    `The facilitator's response is not valid x402: ${parsed.problem}`,
    {
      sent: true,
      status,
    },
  );
}

/** JSON under any name; a service that declares another type is not a facilitator. */
const JSON_TYPE = /^application\/([\w.+-]+\+)?json\b/i;
/** Types that some services send for JSON, or none. */
const JSON_OR_TEXT = /^(application\/([\w.+-]+\+)?json\b|text\/(plain|json)\b|$)/i;

function readJson<T>(answer: TransportAnswer, parse: (value: unknown) => Parsed<T>, type = JSON_TYPE): Parsed<T> {
  if (!type.test(answer.header("content-type") ?? "")) return { problem: "its type is not JSON" };
  try {
    return parse(JSON.parse(answer.text));
  } catch {
    return { problem: "it is not JSON" };
  }
}

function isOk({ status }: TransportAnswer): boolean {
  return status >= 200 && status < 300;
}

function checkUrl(base: string, insecure: boolean): string {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && (insecure || LOOPBACK.test(url.hostname)));
  if (url && secure && !url.username && !url.password && !url.search && !url.hash) return url.href.replace(/\/+$/, "");
  // Without what could be a password.
  const shown = url ? `${url.protocol}//${url.host}${url.pathname}` : base;
  const hint =
    url?.protocol === "http:"
      ? ". Within a private network, httpFacilitator(url, { insecure: true }) allows plain http"
      : "";
  const message = `"${shown.slice(0, 80)}" is not a facilitator's base URL: https (http only to this machine), no credentials, no query${hint}`;
  throw new ConfigError([{ code: "invalid_facilitator", path: "facilitator", message }]);
}

/** URLs that are known not to work. */
function deadEnd(url: string, hasHeaders: boolean): string | undefined {
  const { host, pathname } = new URL(url);
  if (host === "api.cdp.coinbase.com" && !hasHeaders)
    return "Coinbase's facilitator refuses calls without an API key; use cdp({ keyId, keySecret })";
  const [, operation] = /\/(verify|settle|supported)$/.exec(pathname) ?? [];
  if (operation) return `"${url}" is the URL of one call; leave out "/${operation}"`;
  if (/^(?:www\.)?x402\.org$/.test(host) && pathname === "/")
    return `"${url}" is a website; the facilitator is at "https://x402.org/facilitator"`;
  return undefined;
}
