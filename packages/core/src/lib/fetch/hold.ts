import type { Awaitable, Conclusion, HeaderList, Outcome, Reply, Ticket } from "../seam.js";
import { type Answer, readAnswer } from "./answer.js";
import { type Gathered, gather, join } from "./gather.js";
import { isBodiless, setHeaders, toResponse } from "./reply.js";
import { streamRest } from "./rest.js";

export interface HoldOptions {
  /** Of the request: an answer to `HEAD` has no body. */
  readonly method?: string;
  /** The request's own signal: the client left. */
  readonly signal?: AbortSignal;
  /** What the handler threw, where the framework made an answer of it before `run` came back. */
  failure?(): unknown;
  /** Makes a Response of an engine's reply. @default toResponse */
  reply?(reply: Reply): Response;
  /** Makes an answer of what the handler threw, with the headers that the engine wants on it: the receipt of what is owed. */
  recover?(error: unknown, headers: Headers): Response | undefined;
}

type End = "late" | "left";
type Made = { readonly answer: Answer } | { readonly error: unknown };

const noHeaders = (): HeaderList => [];
const nothing = new Uint8Array(0);

/**
 * Runs an admitted handler and holds its answer back until the engine has concluded on it.
 * @param run the handler; may return a Response of any make, and throw
 * @returns what to send
 * @throws what the handler threw, once the engine knows of it, unless `recover` makes an answer of it
 */
export async function holdResponse(
  run: () => Awaitable<unknown>,
  ticket: Ticket,
  options: HoldOptions = {},
): Promise<Response> {
  const watch = watchEnd(ticket.signal, options.signal);
  try {
    const made = attempt(run);
    const first = await Promise.race([made, watch.end]);
    if (typeof first === "string") {
      void made.then((late) => void ("answer" in late && late.answer.source?.cancel(ticket.signal.reason)));
      return await giveUp(first, ticket, options);
    }
    if ("error" in first) return await fail(first.error, ticket, options);
    return await holdAnswer(first.answer, ticket, watch.end, options);
  } finally {
    watch.close();
  }
}

async function attempt(run: () => Awaitable<unknown>): Promise<Made> {
  try {
    return { answer: readAnswer(await run()) };
  } catch (error) {
    return { error };
  }
}

/** Resolves when time is up or the client has left, whichever is first. */
function watchEnd(limit: AbortSignal, client: AbortSignal | undefined): { end: Promise<End>; close(): void } {
  let late = () => {};
  let left = () => {};
  const end = new Promise<End>((resolve) => {
    late = () => resolve("late");
    left = () => resolve("left");
    if (client?.aborted) left();
    else if (limit.aborted) late();
  });
  limit.addEventListener("abort", late);
  client?.addEventListener("abort", left);
  const close = () => {
    limit.removeEventListener("abort", late);
    client?.removeEventListener("abort", left);
  };
  return { end, close };
}

async function holdAnswer(answer: Answer, ticket: Ticket, end: Promise<End>, options: HoldOptions): Promise<Response> {
  const { source } = answer;
  let held: Gathered = { end: "whole", chunks: [], size: 0 };
  if (source !== undefined) {
    held = isEventStream(answer.headers)
      ? { end: "open", chunks: [], size: 0 }
      : await gather(source, ticket.hold, ticket.idle, end);
  }
  if (held.end === "failed") return fail(held.error, ticket, options);
  if (held.end === "stopped") {
    void source?.cancel(ticket.signal.reason);
    return giveUp(await end, ticket, options);
  }

  const { status } = answer;
  const error = options.failure?.();
  const whole = held.end === "whole";
  const outcome: Outcome = { status, aborted: false, whole, headers: () => [...answer.headers] };
  const body = whole ? join(held.chunks, held.size) : undefined;
  const conclusion = await ticket.conclude({
    ...outcome,
    ...(error !== undefined && { error }),
    ...(body && { body }),
  });
  if (conclusion.type === "replace") {
    void source?.cancel();
    return replace(conclusion.reply, ticket, options);
  }

  const init = { status, statusText: answer.statusText, headers: changeHeaders(answer.headers, conclusion) };
  const silent = options.method === "HEAD" || isBodiless(status) || source === undefined;
  if (!whole && !silent) {
    return new Response(streamRest(held, source, options.signal, ticket.delivered.bind(ticket)) as BodyInit, init);
  }
  if (!whole) void source?.cancel();
  // Nothing better is known of a body that is handed over in one piece than that the client was still there.
  ticket.delivered(options.signal?.aborted !== true);
  return new Response(silent ? null : ((body ?? nothing) as BodyInit), init);
}

/** The handler threw, or what it returned cannot be sent. */
async function fail(error: unknown, ticket: Ticket, options: HoldOptions): Promise<Response> {
  const conclusion = await ticket.conclude({ status: 500, aborted: false, error, whole: false, headers: noHeaders });
  if (conclusion.type === "replace") return replace(conclusion.reply, ticket, options);
  ticket.delivered(false);
  const answer = options.recover?.(error, changeHeaders(new Headers(), conclusion));
  if (answer !== undefined) return answer;
  throw error;
}

/** Nobody waits for the answer any more, or nobody shall. */
async function giveUp(end: End, ticket: Ticket, options: HoldOptions): Promise<Response> {
  const aborted = end === "left";
  const status = aborted ? 499 : 504;
  const conclusion = await ticket.conclude({ status, aborted, whole: false, headers: noHeaders });
  if (conclusion.type === "replace") return replace(conclusion.reply, ticket, options);
  ticket.delivered(false);
  return new Response(null, { status, headers: changeHeaders(new Headers(), conclusion) });
}

function replace(reply: Reply, ticket: Ticket, options: HoldOptions): Response {
  ticket.delivered(false);
  return options.reply ? options.reply(reply) : toResponse(reply, options.method);
}

function changeHeaders(headers: Headers, { remove, set }: Extract<Conclusion, { type: "release" }>): Headers {
  for (const name of remove) headers.delete(name);
  return setHeaders(headers, set);
}

function isEventStream(headers: Headers): boolean {
  return /^text\/event-stream\s*(;|$)/i.test(headers.get("content-type") ?? "");
}
