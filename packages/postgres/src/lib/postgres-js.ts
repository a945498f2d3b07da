import { givenUp, type Queries, type Value } from "./queries.js";

/** What is used of the `sql` function of `postgres`. */
interface Sql {
  unsafe(text: string, values?: Value[], options?: { readonly prepare: boolean }): Pending;
}

interface Pending extends Promise<unknown> {
  /** Rows of the bytes that came, whatever parsers and transformations the app has set. */
  raw(): Promise<(Uint8Array | null)[][]>;
}

const decoder = new TextDecoder();

/** `postgres` lends out its connections by itself, and finds its own names for what it prepares. */
export function overSql(client: unknown): Queries {
  const sql = client as Sql;
  return {
    query: async ({ text, name }, values, deadline) => {
      if (deadline.passed) throw givenUp();
      const rows = await sql.unsafe(text, [...values], { prepare: name !== undefined }).raw();
      return rows.map((row) => row.map((column) => column && decoder.decode(column)));
    },
    // Without values it goes as one simple query, which is one transaction.
    script: async (text, deadline) => {
      if (deadline.passed) throw givenUp();
      await sql.unsafe(text);
    },
  };
}
