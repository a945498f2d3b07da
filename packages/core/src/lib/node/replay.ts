import type { HeaderList, Reply } from "../seam.js";
import { isHttp1 } from "./head.js";
import type { Recorder } from "./recorder.js";
import { endCallbacks } from "./recording.js";
import { type ReplyTarget, setHeaders, writeReply } from "./reply.js";

/** What removing a header leaves behind in Node's response, beside the header. */
const traces = ["_removedConnection", "_removedContLen", "_removedTE", "sendDate"] as const;

/** A response as it was before the handler touched it. */
export interface Baseline {
  readonly headers: HeaderList;
  readonly traces: object;
}

export function takeBaseline(response: object, headers: HeaderList): Baseline {
  const kept = traces.filter((name) => name in response).map((name) => [name, Reflect.get(response, name)]);
  return { headers, traces: Object.fromEntries(kept) };
}

/** Sends the recorded response, with these changes to its headers. */
export function release(recorder: Recorder, remove: readonly string[], set: HeaderList): void {
  const { response, laid } = recorder;
  recorder.pass();
  if (recorder.begun) response.statusCode = recorder.status;
  if (recorder.message !== undefined) response.statusMessage = recorder.message;
  for (const name of remove) if (response.hasHeader(name)) laid.call("removeHeader", [name]);
  setHeaders(target(recorder), set);
  let writable: unknown;
  through(recorder, () => {
    for (const { name, args } of recorder.calls) {
      const result = laid.call(name, args);
      if (name === "write") writable = result;
    }
  });
  if (recorder.waiting && !recorder.ended && writable !== false) process.nextTick(() => response.emit("drain"));
}

/** Sends another response in place of the recorded one, of which nothing remains. */
export function replace(recorder: Recorder, reply: Reply, baseline: Baseline): void {
  const { response, laid } = recorder;
  recorder.ignore();
  for (const name of response.getHeaderNames()) laid.call("removeHeader", [name]);
  Object.assign(response, baseline.traces);
  if (isHttp1(response)) response.statusMessage = "";
  setHeaders(target(recorder), baseline.headers);
  through(recorder, () => {
    writeReply(target(recorder), reply, response.req?.method);
    for (const callback of endCallbacks(recorder.calls)) laid.call("end", [callback]);
  });
}

/** The client is gone: the handler gets its response back in the state that it believes it to be in. */
export function surrender(recorder: Recorder): void {
  const { response, laid } = recorder;
  recorder.pass();
  // The body is not sent, so Node must not find it too short: it would throw where nothing can catch it.
  if (response.strictContentLength) response.strictContentLength = false;
  // A request that waited for its turn never had a socket that could tell its response.
  if (recorder.begun && !response.destroyed) response.destroy();
  through(recorder, () => {
    if (recorder.begun && !response.headersSent) laid.call("writeHead", [recorder.status]);
    if (recorder.ended) laid.call("end", []);
    for (const callback of endCallbacks(recorder.calls)) laid.call("end", [callback]);
  });
}

/** What Node's own methods call on the response: `writeHead` at the first byte, and in HTTP/2 `write` from `end`. */
const inward = ["writeHead", "write"] as const;

/**
 * Runs something with those leading straight to what was there before the hold: what wraps ours has been asked already.
 * Meanwhile nothing leaves: Node 26 emits `drain` from within `uncork` once all is sent, and a writer that gets it
 * would write into the middle of the replay. HTTP/2 has no socket to be corked.
 */
function through({ response, laid }: Recorder, run: () => void): void {
  const socket = isHttp1(response) ? response.socket : null;
  const wrapped = inward.filter((name) => response[name] !== laid.covered(name));
  const wrappers = wrapped.map((name) => response[name]);
  for (const name of wrapped) Reflect.set(response, name, laid.covered(name));
  socket?.cork();
  try {
    run();
  } finally {
    socket?.uncork();
    wrapped.forEach((name, at) => {
      Reflect.set(response, name, wrappers[at]);
    });
  }
}

function target({ response, laid }: Recorder): ReplyTarget {
  return {
    set statusCode(status: number) {
      response.statusCode = status;
    },
    getHeader: (name) => response.getHeader(name),
    setHeader: (name, value) => laid.call("setHeader", [name, value]),
    end: (body) => laid.call("end", body === undefined ? [] : [body]),
  };
}
