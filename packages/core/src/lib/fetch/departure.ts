import type { Ticket } from "../seam.js";
import type { ByteSource } from "./byte-source.js";
import { type Gathered, join } from "./gather.js";
import type { Body } from "./native.js";
import { streamRest } from "./rest.js";

/** What an adapter knows of how its server sends a Response. */
export interface DepartureOptions {
  /** The request's own signal: the client left. */
  readonly signal?: AbortSignal;
  /** Keeps alive a runtime that would stop with the response, until what is to be written down is written. */
  waitUntil?(promise: Promise<unknown>): void;
  /**
   * Reports once whether the last byte of a Response left, where the server tells, and `false` after that if its connection
   * breaks soon after. Otherwise a body has left when its last byte was taken, and one that is handed over in one piece at
   * once.
   */
  watch?(response: Response, report: (left: boolean) => void): void;
  /** The response has left, or never will. */
  over?(): void;
  /** The server sends a body of bytes no differently from a stream of them. */
  readonly piped?: boolean;
}

type Report = (whole: boolean) => void;

/** A stream of workerd's that is sent under the length that is given, as a body of bytes would be. */
type FixedLengthStream = new (
  length: number,
) => { readonly readable: ReadableStream; readonly writable: WritableStream };

/**
 * Tells the ticket once whether the response left, and once more if one that has left turns out lost. The runtime stays
 * until the first, and until it is written down.
 */
export function reporter(ticket: Pick<Ticket, "delivered">, { waitUntil, over }: DepartureOptions): Report {
  let report: Report = (whole) => void ticket.delivered(whole);
  if (waitUntil) {
    const written = new Promise((resolve) => {
      report = (whole) => resolve(ticket.delivered(whole));
    });
    waitUntil(written);
  }
  let told: boolean | undefined;
  return (whole) => {
    if (told && !whole) void ticket.delivered(false);
    if (told !== undefined) return;
    told = whole;
    over?.();
    report(whole);
  };
}

/**
 * Makes the Response that is sent on by `make`, as close to how the handler's would be sent as the server lets one know that it left.
 * @param source `undefined` if the response is to have no body
 */
export function sendOn(
  held: Gathered,
  source: ByteSource | undefined,
  make: (body: Body) => Response,
  report: Report,
  { signal, watch, piped }: DepartureOptions,
): Response {
  const whole = held.end === "whole";
  if (watch) {
    let taken = source === undefined || whole;
    const rest = (left: boolean) => {
      taken = left;
      if (!left) report(false);
    };
    const body = source && (whole ? join(held) : streamRest(held, source, signal, rest));
    const response = make((body ?? null) as Body);
    watch(response, (left) => report(left && taken));
    return response;
  }
  if (source && (!whole || piped)) return make(streamRest(held, source, signal, report) as Body);
  const body = source && join(held);
  const { FixedLengthStream } = globalThis as { FixedLengthStream?: FixedLengthStream };
  if (body && body.byteLength > 0 && FixedLengthStream && !signal?.aborted) {
    const { readable, writable } = new FixedLengthStream(body.byteLength);
    const writer = writable.getWriter();
    const written = writer.write(body).then(() => writer.close());
    written.then(
      () => report(true),
      () => report(false),
    );
    return make(readable);
  }
  report(!signal?.aborted);
  return make((body ?? null) as Body);
}

/** Sends a Response on whose body is all in memory. */
export function sendWhole(response: Response, report: Report, { signal, watch }: DepartureOptions): Response {
  if (watch) watch(response, report);
  else report(!signal?.aborted);
  return response;
}
