import type { ServerResponse } from "node:http";
import { checkTrailers, foldHead, isBodiless, isHttp1 } from "./head.js";
import * as errors from "./node-errors.js";
import { joinsTurns } from "./node-traits.js";
import { Overrides } from "./overrides.js";
import { byteLength, type Call, checkChunk } from "./recording.js";

type Callback = (error?: Error) => void;

/** Stands where Node keeps the head that it has made: by this field, it and older middleware tell whether it has. */
const HELD = "held";

/** Bytes that a recorded call takes up at least, however little it writes. */
const CALL = 64;

/** What Node's response keeps of its head, in a property that its own getters read. */
interface Internals {
  _header: string | null;
}

/** Callbacks for the holder of a response. */
export interface RecorderListener {
  /** Bytes came, within the limit. */
  rests(): void;
  /** The response outgrows the limit, or its handler flushes it: it has to begin. */
  streams(): void;
  /** The response is complete, with a body of this many bytes. */
  ends(bytes: number): void;
}

/**
 * What a handler meets in place of its response: it acts as if every byte had left, while nothing has. The calls are
 * recorded, to be replayed through the very methods that they would have reached.
 */
export class Recorder {
  readonly response: ServerResponse;
  /** The way past this recorder. */
  readonly laid: Overrides;
  readonly calls: Call[] = [];
  /** The status that the handler chose. */
  status = 200;
  message: string | undefined;
  /** The head is decided: in Node's words, headers are sent. */
  begun = false;
  ended = false;
  /** A writer was told to wait for `drain`. */
  waiting = false;
  /** `deaf`: another response replaced the handler's, and its further calls have no effect. */
  #mode: "recording" | "passing" | "deaf" = "recording";
  readonly #http1: boolean;
  readonly #limit: number;
  readonly #listener: RecorderListener;
  /** Node itself is asking for the head, ahead of a first byte. */
  #implying = false;
  #bodiless = false;
  #eventStream = false;
  #bytes = 0;
  /** What they take up here. */
  #held = 0;
  /** How often the response is corked. */
  #corks = 0;

  constructor(response: ServerResponse, limit: number, listener: RecorderListener) {
    this.response = response;
    this.laid = new Overrides(response);
    this.#limit = limit;
    this.#listener = listener;
    this.#http1 = isHttp1(response);
    this.#layMethods();
  }

  /** From now on calls pass through. */
  pass(): void {
    this.#mode = "passing";
    this.#unmark();
    this.laid.lift();
  }

  /** From now on calls lead nowhere. */
  ignore(): void {
    this.#mode = "deaf";
    this.#unmark();
    this.laid.liftGetters();
    if (this.#http1) this.#layHeaderMethods();
  }

  #layMethods(): void {
    const { laid } = this;
    laid.method("writeHead", (...args) => this.#writeHead(args));
    laid.method("writeHeader", (...args) => this.#writeHead(args));
    laid.method("write", (...args) => this.#write(...(args as [])));
    laid.method("end", (...args) => this.#end(...(args as [])));
    laid.method("flushHeaders", () => this.#flush());
    laid.method("addTrailers", (trailers: object) =>
      this.#record("addTrailers", [trailers], () => checkTrailers(trailers)),
    );
    laid.method("setTrailer", (...args) => this.#record("setTrailer", args));
    laid.method("writeEarlyHints", (...args) => this.#hint(args));
    laid.method("writeProcessing", () => this.#record("writeProcessing", []));
    laid.method("cork", () => this.#cork("cork"));
    laid.method("uncork", () => this.#cork("uncork"));
    // Of its own responses, HTTP/1 refuses late headers by itself, once the head is marked as made.
    if (!this.#http1) this.#layHeaderMethods();
  }

  #layHeaderMethods(): void {
    const { laid } = this;
    laid.method("setHeader", (...args) => this.#change("set", "setHeader", args));
    laid.method("setHeaders", (...args) => this.#change("set", "setHeaders", args));
    laid.method("appendHeader", (...args) => this.#change("append", "appendHeader", args));
    laid.method("removeHeader", (...args) => this.#change("remove", "removeHeader", args));
  }

  /** The head is decided. */
  #markBegun(): void {
    if (this.#http1) this.#internals._header = HELD;
    else this.laid.getter("headersSent", () => true);
  }

  /**
   * Ended, though nothing has left yet. Node's older word for it, `finished`, stays as it is on HTTP/1: a server that closes
   * takes connections whose response is finished for idle and closes them, and here a payment is being settled.
   */
  #markEnded(): void {
    this.laid.getter("writableEnded", () => true);
    if (this.#http1) return;
    this.laid.getter("finished", () => true);
    this.laid.getter("writableFinished", () => false);
  }

  /** A writer was told to wait. */
  #markWaiting(): void {
    if (this.waiting) return;
    this.waiting = true;
    this.laid.getter("writableLength", () => this.#bytes);
    this.laid.getter("writableNeedDrain", () => !this.ended && !this.response.destroyed);
  }

  #unmark(): void {
    if (!this.#http1 || this.#internals._header !== HELD) return;
    this.#internals._header = null;
  }

  get #internals(): Internals {
    return this.response as unknown as Internals;
  }

  /** A call that changes headers: refused once the response has begun. */
  #change(verb: "set" | "append" | "remove", name: string, args: readonly unknown[]): unknown {
    if (this.#mode === "deaf") return this.response;
    if (this.#mode === "recording" && this.begun) throw errors.headersSent(verb);
    return this.laid.call(name, args);
  }

  #record(name: string, args: readonly unknown[], check?: () => void): unknown {
    if (this.#mode === "passing") return this.laid.call(name, args);
    // An end uncorks by itself, but middleware below may put it off.
    if (this.#mode === "deaf" || (this.ended && name !== "uncork")) return undefined;
    check?.();
    this.calls.push({ name, args });
    return undefined;
  }

  /** Hints wait for the payment as all else does. Who waits for them to be sent may go on. */
  #hint(args: readonly unknown[]): unknown {
    if (this.#mode === "passing") return this.laid.call("writeEarlyHints", args);
    const [hints, callback] = args;
    if (typeof callback === "function") process.nextTick(callback as Callback);
    if (this.begun) return undefined;
    return this.#record("writeEarlyHints", [hints]);
  }

  #cork(name: "cork" | "uncork"): unknown {
    if (this.#mode === "recording") this.#corks += name === "cork" ? 1 : -1;
    return this.#record(name, []);
  }

  /**
   * What Node 26 does at a first byte: what is written in one turn of the event loop leaves as one chunk. The replay
   * happens in one turn, so the turns are recorded; clients exist that take a chunk for a message.
   */
  #corkTurn(): void {
    if (this.#corks > 0 || !this.#http1 || !this.response.socket || !joinsTurns()) return;
    this.#cork("cork");
    process.nextTick(() => this.#cork("uncork"));
  }

  #writeHead(args: readonly unknown[]): unknown {
    if (this.#mode === "passing") return this.laid.call("writeHead", args);
    if (this.#mode === "deaf") return this.response;
    if (this.begun) throw errors.headersSent("write");
    foldHead(this.response, args);
    this.begun = true;
    this.#bodiless = isBodiless(this.response);
    this.#eventStream = /^\s*text\/event-stream/i.test(String(this.response.getHeader("content-type") ?? ""));
    this.status = this.response.statusCode;
    if (this.#http1) this.message = this.response.statusMessage;
    if (!this.#implying) this.calls.push({ name: "writeHead", args: [this.status] });
    this.#markBegun();
    return this.response;
  }

  /** What Node does at the first byte: `writeHead` through all that wraps it, so that late header setters have their say. */
  #begin(): void {
    if (this.begun) return;
    this.#implying = true;
    try {
      this.response.writeHead(this.response.statusCode);
      if (!this.begun) this.#writeHead([this.response.statusCode]);
    } finally {
      this.#implying = false;
    }
  }

  #write(chunk?: unknown, encoding?: unknown, callback?: unknown): boolean {
    if (typeof encoding === "function") return this.#write(chunk, undefined, encoding);
    const then = typeof callback === "function" ? (callback as Callback) : undefined;
    if (this.#mode === "passing") return this.laid.call("write", [chunk, encoding, callback]) as boolean;
    if (this.#mode === "deaf") return this.#refuse(then);
    const bytes = checkChunk(chunk, encoding);
    if (this.ended) return this.#fail(then);
    const size = byteLength(bytes, encoding);
    this.#checkLength(size, false);
    this.#begin();
    if (this.#bodiless) {
      if (then) process.nextTick(then);
      if (this.#bytes === 0) this.calls.push({ name: "write", args: [""] });
      this.#bytes += size;
      this.#listener.rests();
      return true;
    }
    this.#corkTurn();
    this.#bytes += size;
    this.#held += Math.max(size, CALL);
    if (this.waiting || this.#held > this.#limit || this.#eventStream) {
      this.#markWaiting();
      this.calls.push({ name: "write", args: [bytes, encoding, callback] });
      this.#listener.streams();
      return false;
    }
    // The caller may use its buffer again once it is called back.
    const kept = then && typeof bytes !== "string" ? Buffer.from(bytes) : bytes;
    this.calls.push({ name: "write", args: [kept, encoding] });
    if (then) process.nextTick(then);
    this.#listener.rests();
    return true;
  }

  #end(chunk?: unknown, encoding?: unknown, callback?: unknown): unknown {
    if (typeof chunk === "function") return this.#end(undefined, undefined, chunk);
    if (typeof encoding === "function") return this.#end(chunk, undefined, encoding);
    const then = typeof callback === "function" ? (callback as Callback) : undefined;
    if (this.#mode === "passing") return this.laid.call("end", [chunk, encoding, callback]);
    if (this.ended || this.#mode === "deaf") {
      if (chunk && this.#mode === "recording") this.#fail(then);
      else if (then && this.#mode === "recording") this.calls.push({ name: "end", args: [then] });
      else if (then) this.laid.call("end", [then]);
      return this.response;
    }
    const size = chunk ? byteLength(checkChunk(chunk, encoding), encoding) : 0;
    this.#checkLength(size, true);
    this.#begin();
    this.#bytes += size;
    // When, and with what, its callback is called is different from Node to Node, and so is left to it.
    const rest = then ? [then] : [];
    this.calls.push({ name: "end", args: chunk ? [chunk, encoding, ...rest] : rest });
    this.ended = true;
    this.#markEnded();
    this.#listener.ends(this.#bytes);
    return this.response;
  }

  #flush(): unknown {
    if (this.#mode === "passing") return this.laid.call("flushHeaders", []);
    if (this.#mode === "deaf" || this.ended) return undefined;
    this.#begin();
    this.calls.push({ name: "flushHeaders", args: [] });
    this.#listener.streams();
    return undefined;
  }

  /** `strictContentLength`: Node throws when the body is not as long as was said. */
  #checkLength(size: number, last: boolean): void {
    if (!this.response.strictContentLength || isBodiless(this.response)) return;
    const declared = Number(this.response.getHeader("content-length") ?? Number.NaN);
    const bytes = this.#bytes + size;
    if (last ? bytes !== declared && !Number.isNaN(declared) : bytes > declared)
      throw errors.lengthMismatch(bytes, declared);
  }

  #fail(callback: Callback | undefined): false {
    const error = errors.writeAfterEnd();
    process.nextTick(() => {
      callback?.(error);
      if (!this.response.destroyed) this.response.emit("error", error);
    });
    return false;
  }

  #refuse(callback: Callback | undefined): false {
    if (callback) process.nextTick(callback, errors.writeAfterEnd());
    return false;
  }
}
