import { FacilitatorError } from "../errors.js";
import { MAX_ANSWER, type Transport, type TransportAnswer } from "./transport.js";

/** Errors of Node's fetch before a connection is established. Other runtimes do not report this. */
const BEFORE_SENDING = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Sends requests with the runtime's `fetch`: on edge runtimes, and wherever `node:http` is not available. */
export const createTransport = (): Transport => async (request) => {
  let response: Response;
  try {
    response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      redirect: "manual",
      signal: request.signal,
      ...(request.body === undefined ? {} : { body: request.body }),
    });
  } catch (cause) {
    throw failure(cause, request.signal);
  }
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    await response.body?.cancel().catch(() => undefined);
    throw new FacilitatorError("facilitator_redirect", "The facilitator sent a redirect, which is never followed", {
      sent: true,
      status: response.status,
    });
  }
  try {
    return answer(response, await readText(response));
  } catch (cause) {
    throw cause instanceof FacilitatorError ? cause : failure(cause, request.signal, true);
  }
};

function answer(response: Response, text: string): TransportAnswer {
  return { status: response.status, header: (name) => response.headers.get(name) ?? undefined, text };
}

async function readText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > MAX_ANSWER) {
      await reader.cancel().catch(() => undefined);
      throw new FacilitatorError("facilitator_too_large", `The facilitator's response exceeds ${MAX_ANSWER} bytes`, {
        sent: true,
        status: response.status,
      });
    }
    text += decoder.decode(value, { stream: true });
  }
}

function failure(cause: unknown, signal: AbortSignal, answered = false): FacilitatorError {
  if (signal.aborted)
    return new FacilitatorError("facilitator_timeout", "The facilitator took too long", { sent: true, cause });
  const code = (cause as { cause?: { code?: unknown } } | null)?.cause?.code;
  if (!answered && typeof code === "string" && BEFORE_SENDING.has(code)) {
    return new FacilitatorError("facilitator_unreachable", "The facilitator cannot be reached", { sent: false, cause });
  }
  return new FacilitatorError("facilitator_disconnected", "The connection to the facilitator broke", {
    sent: true,
    cause,
  });
}
