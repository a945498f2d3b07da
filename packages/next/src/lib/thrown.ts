import type { Awaitable } from "@turnpike/core/adapter";
import { after } from "next/server.js";

const redirectDigest = /^NEXT_REDIRECT;(?:replace|push);(.*);(303|307|308);$/s;
const accessDigest = /^NEXT_HTTP_ERROR_FALLBACK;(40[134])$/;

/**
 * Runs a handler and turns a `redirect()` in it into the response that Next would make of it, so that it is paid for like
 * any response below 400. Everything else that is thrown goes on to Next: `notFound()`, `forbidden()`, errors.
 */
export async function answerRedirect(run: () => Awaitable<unknown>, request: Request): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    const [, location, status] = redirectDigest.exec(digestOf(error)) ?? [];
    if (location === undefined) throw error;
    // Next adds the cookies that were set by `cookies()`, here as on every response.
    return new Response(null, { status: isAction(request) ? 303 : Number(status), headers: { location } });
  }
}

/**
 * The response that Next would make of what a handler threw, with the receipt of what is owed on it. Without a receipt Next
 * makes its response itself, and sees the error as usual; with one it gets the error by `after`, which logs it.
 */
export function answerOwed(error: unknown, headers: Headers): Response | undefined {
  if (!headers.keys().next().value) return undefined;
  const digest = digestOf(error);
  const status = accessDigest.exec(digest)?.[1];
  if (status === undefined && digest !== "") return undefined;
  if (status === undefined) report(error);
  return new Response(null, { status: Number(status ?? 500), headers });
}

function report(error: unknown): void {
  try {
    after(() => Promise.reject(error));
  } catch {
    // Outside Next, for example in a seller's unit test, nothing receives it.
  }
}

function digestOf(error: unknown): string {
  const { digest } = (typeof error === "object" && error !== null ? error : {}) as { digest?: unknown };
  return typeof digest === "string" ? digest : "";
}

/** Forms and server actions are redirected to a GET, by Next's own rule. */
function isAction({ method, headers }: Request): boolean {
  if (method !== "POST") return false;
  const type = headers.get("content-type");
  return (
    headers.has("next-action") ||
    type === "application/x-www-form-urlencoded" ||
    !!type?.startsWith("multipart/form-data")
  );
}
