/** What the command sees of its process. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Gives a promise where the reader is slower than the writer: of when more can be written. */
  out(text: string): unknown;
  err(text: string): void;
  /** Aborted when the operator wants to stop: what is under way is written down, and nothing new is begun. */
  readonly signal?: AbortSignal;
  /** Aborted once the output is not read any more. */
  readonly unread?: AbortSignal;
  /** Columns of the terminal that the output goes to; absent where it goes elsewhere. */
  readonly columns?: number;
  /** Unix milliseconds, for progress. @default Date.now */
  now?(): number;
}
