import { StoreError } from "@turnpike/core";
import { isUndone } from "./failure.js";
import { type Deadline, givenUp, type Queries, type Value } from "./queries.js";

interface Config {
  readonly text: string;
  readonly name?: string;
  readonly values?: Value[];
  readonly rowMode?: "array";
  readonly types?: { getTypeParser(): (column: unknown) => string };
}

/** Columns as the text that they are, whatever parsers the app has set. */
const types = { getTypeParser: () => String };

/** What is used of a client of `pg`. */
interface Client {
  query(config: Config): Promise<{ readonly rows: Value[][] }>;
  /** By the last word of the server: `T` or `E` inside a transaction. Not in every version. */
  getTransactionStatus?(): unknown;
}

interface PooledClient extends Client {
  on(event: "error", listener: () => void): unknown;
  removeListener(event: "error", listener: () => void): unknown;
  /** @param destroy closes the connection instead of lending it out again */
  release(destroy: boolean): void;
}

interface Pool {
  connect(): Promise<PooledClient>;
}

/** Borrows a connection for each statement. */
export function overPool(pool: unknown): Queries {
  const borrow = () => (pool as Pool).connect();
  return over(async (config, deadline) => {
    const client = await borrow();
    if (deadline.passed) {
      client.release(false);
      throw givenUp();
    }
    let broken = false;
    const fail = () => {
      broken = true;
    };
    // A connection that breaks without a listener would end the process.
    client.on("error", fail);
    try {
      return await send(client, config);
    } catch (error) {
      // As the pool itself does: whatever is wrong with a connection goes with it.
      broken ||= !isUndone(error);
      throw error;
    } finally {
      client.removeListener("error", fail);
      client.release(broken);
    }
  });
}

/** One connection serves one statement after the other: `pg` no longer wants to be given several at once. */
export function overClient(client: unknown): Queries {
  let last: Promise<unknown> = Promise.resolve();
  return over((config, deadline) => {
    const result = last.then(() => {
      if (deadline.passed) throw givenUp();
      return send(client as Client, config);
    });
    last = result.catch(() => {});
    return result;
  });
}

function over(ask: (config: Config, deadline: Deadline) => Promise<Value[][]>): Queries {
  return {
    query: ({ text, name }, values, deadline) =>
      ask({ text, ...(name === undefined ? {} : { name }), values: [...values], rowMode: "array", types }, deadline),
    // Without values it goes as one simple query, which is one transaction.
    script: async (text, deadline) => {
      await ask({ text }, deadline);
    },
  };
}

async function send(client: Client, config: Config): Promise<Value[][]> {
  const status = client.getTransactionStatus?.();
  if (status === "T" || status === "E") {
    throw new StoreError(
      "store_in_transaction",
      "The connection is inside a transaction of the app, which could roll back the store's writes",
    );
  }
  return (await client.query(config)).rows;
}
