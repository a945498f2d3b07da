/** Part of a command. */
export type Argument = string | Buffer;

/** A command, with its name in front. */
export type Command = readonly [name: "EVALSHA" | "EVAL" | "WAIT", ...args: Argument[]];

/** What the store needs of a client. */
export interface Commands {
  /**
   * Sends one command to the node that has the store's keys. Strings in the reply are Buffers, whatever the app's own
   * settings. Rejects with the client's error.
   * @param signal once it is aborted, a command that has not left need not be sent any more
   */
  call(command: Command, signal: AbortSignal): Promise<unknown>;
  /** Why it is of no use to send anything now, as far as the client tells. */
  obstacle(): string | undefined;
  /**
   * Begins to count how often the client has connected: it stays the same as long as commands go over the same
   * connection. Absent where they go over several anyway.
   */
  countConnections?(): () => number;
}

/** Counts the connections of a client that has one at a time. */
export function countReady(client: { on(event: "ready", listener: () => void): unknown }): () => number {
  let count = 0;
  client.on("ready", () => count++);
  return () => count;
}
