import type { IncomingMessage, ServerResponse } from "node:http";
import type { JsonObject } from "@turnpike/core/protocol";

export type Operation = "verify" | "settle" | "supported";

/** One request to the facilitator, as it arrived. */
export interface RecordedCall {
  readonly operation: Operation;
  /** The parsed body; text if it was not JSON, `undefined` for `/supported`. */
  readonly body: unknown;
  readonly headers: IncomingMessage["headers"];
}

/** What a behaviour can do with one request. */
export interface Call extends RecordedCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /**
   * The response of a correct facilitator. For `settle` the money moves now; calling it again returns the same
   * response.
   */
  act(): Promise<JsonObject>;
  /** For `settle`: the money moves now, and the response calls the transaction pending. */
  broadcast(): Promise<JsonObject>;
}

/** Responds to one request, or fails to. */
export type Behaviour = (call: Call) => void | Promise<void>;
