import type { Awaitable, Conclusion, HeaderList, Outcome, Reply, Ticket } from "../seam.js";
import { type Answer, readAnswer } from "./answer.js";
import { type DepartureOptions, reporter, sendOn, sendWhole } from "./departure.js";
import type { UpgradeWatch } from "./detached.js";
import { type Gathered, gather, join } from "./gather.js";
import { type Body, dress, makeResponse, typeOfSpare } from "./native.js";
import { isBodiless, setHeaders, toResponse } from "./reply.js";

export interface HoldOptions extends DepartureOptions {
  /** Of the request: a response to `HEAD` has no body. */
  readonly method?: string;
  /** What the handler threw, where the framework turned it into a response before `run` came back. */
  failure?(): unknown;
  /** The request was to leave by an upgrade, and has settled. */
  readonly detached?: boolean;
  /** The server upgrades once the handler has returned. */
  readonly upgrade?: UpgradeWatch | undefined;
  /** Nothing has to be held any more: the response is decided. */
  lift?(): void;
  /** Whether another response has left in place of the one that is held. */
  overtaken?(): boolean;
  /** Makes a Response of an engine's reply. @default toResponse */
  reply?(reply: Reply): Response;
  /** Makes a response of what the handler threw, with the headers that the engine wants on it: the receipt of what is owed. */
  recover?(error: unknown, headers: Headers): Response | undefined;
  /**
   * The fields of a whole response, with those that the framework adds after the handler; nothing if they are not known:
   * such a response cannot be sent again.
   */
  fields?(headers: Headers): Awaitable<HeaderList | undefined>;
}

type End = "late" | "left";
type Made = { readonly answer: Answer } | { readonly error: unknown };

const noHeaders = (): HeaderList => [];

/**
 * Runs an admitted handler and holds its response back until the engine has concluded on it.
 * @param run the handler; may return a Response of any make, and throw
 * @returns what to send
 * @throws what the handler threw, once the engine knows of it, unless `recover` makes a response of it
 */
export async function holdResponse(
  run: () => Awaitable<unknown>,
  ticket: Ticket,
  options: HoldOptions = {},
): Promise<Response> {
  let watch: ReturnType<typeof watchEnd> | undefined;
  try {
    // The client has left, or time is up: the handler need not run.
    if (options.signal?.aborted || ticket.signal.aborted) {
      return await giveUp(options.signal?.aborted ? "left" : "late", ticket, options);
    }
    watch = watchEnd(ticket.signal, options.signal);
    const made = attempt(run, options.detached);
    const first = await Promise.race([made, watch.end]);
    if (typeof first === "string") {
      void made.then((late) => void ("answer" in late && late.answer.source?.cancel(ticket.signal.reason)));
      return await giveUp(first, ticket, options);
    }
    if ("error" in first) return await fail(first.error, ticket, options);
    return await holdAnswer(first.answer, ticket, watch.end, options);
  } finally {
    watch?.close();
    options.lift?.();
  }
}

async function attempt(run: () => Awaitable<unknown>, detached: boolean | undefined): Promise<Made> {
  try {
    return { answer: readAnswer(await run(), detached) };
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
    held = isEventStream(answer.headers) ? { end: "open", chunks: [], size: 0 } : await gather(source, ticket, end);
  }
  if (held.chunks.length > 1 && held.end === "whole") held = { ...held, chunks: [join(held)] };
  if (held.end === "failed") return fail(held.error, ticket, options);
  if (held.end === "stopped") {
    void source?.cancel(ticket.signal.reason);
    return giveUp(await end, ticket, options);
  }

  const conclusion = await conclude(await describe(answer, held, options), ticket, options);
  if (conclusion.type === "replace") {
    void source?.cancel();
    return replace(conclusion.reply, ticket, options);
  }

  const { status, statusText, switching, native } = answer;
  if (options.overtaken?.()) {
    void source?.cancel();
    undelivered(ticket, options);
    return new Response(null, { status: 500 });
  }
  if (switching) {
    const headers = changeHeaders(answer.headers, conclusion);
    reporter(ticket, options)(!options.signal?.aborted);
    return markSwitching(switching, headers);
  }
  // An empty one is none: workerd would send it.
  const init = { status, ...(statusText && { statusText }), headers: changeHeaders(answer.headers, conclusion) };
  const silent = options.method === "HEAD" || isBodiless(status);
  if ((silent || options.upgrade) && held.end !== "whole") void source?.cancel();
  if (options.upgrade) {
    if (status < 400) options.upgrade.allow(reporter(ticket, options));
    else undelivered(ticket, options);
    return new Response(null, init);
  }
  if (native.spare && !silent) {
    void source?.cancel();
    return sendWhole(dress(native.spare, init.headers), reporter(ticket, options), options);
  }
  const make = (body: Body) => makeResponse(body, init, native.like);
  return sendOn(held, silent ? undefined : source, make, reporter(ticket, options), options);
}

async function describe({ status, headers, native }: Answer, held: Gathered, options: HoldOptions): Promise<Outcome> {
  const whole = held.end === "whole" && !options.detached;
  const fields = whole && options.fields ? await options.fields(headers) : undefined;
  const untyped: HeaderList = native.spare && whole ? [["content-type", typeOfSpare(join(held))]] : [];
  const error = options.failure?.();
  return {
    status,
    aborted: false,
    whole,
    headers: () => fields ?? [...headers, ...untyped],
    ...(error !== undefined && { error }),
    ...(whole && (fields || !options.fields) && { body: join(held) }),
  };
}

/** Also a conclusion outlives a client that leaves meanwhile: a payment may be on its way. */
function conclude(outcome: Outcome, ticket: Ticket, { waitUntil }: HoldOptions): Promise<Conclusion> {
  const conclusion = ticket.conclude(outcome);
  waitUntil?.(conclusion);
  return conclusion;
}

/** The handler threw, or what it returned cannot be sent. */
async function fail(error: unknown, ticket: Ticket, options: HoldOptions): Promise<Response> {
  const conclusion = await conclude(
    { status: 500, aborted: false, error, whole: false, headers: noHeaders },
    ticket,
    options,
  );
  if (conclusion.type === "replace") return replace(conclusion.reply, ticket, options);
  undelivered(ticket, options);
  const answer = options.recover?.(error, changeHeaders(new Headers(), conclusion));
  if (answer !== undefined) return answer;
  throw error;
}

/** The response is no longer awaited, or shall not be. */
async function giveUp(end: End, ticket: Ticket, options: HoldOptions): Promise<Response> {
  const aborted = end === "left";
  const status = aborted ? 499 : 504;
  const conclusion = await conclude({ status, aborted, whole: false, headers: noHeaders }, ticket, options);
  if (conclusion.type === "replace") return replace(conclusion.reply, ticket, options);
  undelivered(ticket, options);
  return new Response(null, { status, headers: changeHeaders(new Headers(), conclusion) });
}

function undelivered(ticket: Ticket, options: HoldOptions): void {
  options.upgrade?.forbid();
  reporter(ticket, options)(false);
}

/** Sets what can be set on a Response that cannot be rebuilt. Some runtimes allow no change to it. */
function markSwitching(response: Response, headers: Headers): Response {
  try {
    for (const [name, value] of headers) response.headers.set(name, value);
  } catch {}
  return response;
}

function replace(reply: Reply, ticket: Ticket, options: HoldOptions): Response {
  undelivered(ticket, options);
  return options.reply ? options.reply(reply) : toResponse(reply, options.method);
}

function changeHeaders(headers: Headers, { remove, set }: Extract<Conclusion, { type: "release" }>): Headers {
  for (const name of remove) headers.delete(name);
  return setHeaders(headers, set);
}

function isEventStream(headers: Headers): boolean {
  return /^text\/event-stream\s*(;|$)/i.test(headers.get("content-type") ?? "");
}
