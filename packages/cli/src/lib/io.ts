/** What the command sees of its process. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  err(text: string): void;
  /** Aborted when the operator wants to stop: what is under way is written down, and nothing new is begun. */
  readonly signal?: AbortSignal;
}
