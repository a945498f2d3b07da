/** Parameters and columns are text or null: then no driver's, and no seller's, ideas of types come in between. */
export type Value = string | null;

/** One statement, with `$1::text` and so on for its parameters. */
export interface Statement {
  readonly text: string;
  /** Prepared under this name, which stands for this text only; absent: not prepared. */
  readonly name?: string;
}

/** Whether every caller has stopped waiting. */
export interface Deadline {
  readonly passed: boolean;
}

/** What the store needs of a driver. Rejects with the driver's errors; what is no longer awaited is not sent. */
export interface Queries {
  /** Runs one statement, as a transaction of its own, and gives its rows. */
  query(statement: Statement, values: readonly Value[], deadline: Deadline): Promise<readonly (readonly Value[])[]>;
  /** Runs statements without parameters, all in one transaction. */
  script(text: string, deadline: Deadline): Promise<void>;
}

export function givenUp(): Error {
  return new Error("The statement was not sent, since its operation has ended");
}
