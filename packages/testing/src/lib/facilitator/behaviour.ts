import type { IncomingMessage, ServerResponse } from "node:http";
import type { JsonObject } from "@turnpike/core/protocol";

export type Operation = "verify" | "settle" | "supported";

/** One request to the facilitator, as it arrived. */
export interface RecordedCall {
  readonly operation: Operation;
  /** The parsed body; text if it was not JSON, nothing for `/supported`. */
  readonly body: unknown;
  readonly headers: IncomingMessage["headers"];
}

/** What a behaviour may do with one request. */
export interface Call extends RecordedCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What an honest facilitator answers. For `settle` the money moves now; asked again, it is the same answer. */
  act(): Promise<JsonObject>;
  /** For `settle`: the money moves now, and the answer calls the transaction pending. */
  broadcast(): Promise<JsonObject>;
}

/** Answers one request, or fails to. */
export type Behaviour = (call: Call) => void | Promise<void>;
