/** One request to a facilitator. */
export interface TransportRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the exchange. */
  readonly signal: AbortSignal;
}

export interface TransportAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly text: string;
}

/**
 * Sends one request once: follows no redirect, resends nothing, and reads at most `MAX_ANSWER` bytes. Rejects with a
 * `FacilitatorError` whose `sent` is false only if no byte of the request can have been sent.
 */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;

/** Most bytes of a facilitator's response; more is refused. */
export const MAX_ANSWER = 65_536;
