import { Client } from "pg";
import { describe, it } from "vitest";

/** Where the tests expect PostgreSQL. */
export const address = { host: "127.0.0.1", port: 5432, user: "postgres", database: "test" } as const;

const wanted =
  `PostgreSQL at ${address.host}:${address.port}, user ${address.user} without a password (trust), database ` +
  `${address.database}. To run it: start one there, then \`pnpm vitest run --project postgres\``;

/** Why PostgreSQL cannot be used; `undefined` if it can. */
const trouble = await findTrouble();

/** Where the services belong to the machine, a suite that is left out is a failure. */
const isRequired = Boolean(process.env.CI) || process.env.TURNPIKE_REQUIRE_SERVICES === "1";

/**
 * Cases that need PostgreSQL. Where there is none they are left out, and say so; with `CI` or
 * `TURNPIKE_REQUIRE_SERVICES=1` in the environment they fail.
 */
export function describeWithPostgres(title: string, cases: () => void): void {
  if (trouble === undefined) {
    describe(title, cases);
    return;
  }
  const reason = `it needs ${wanted} (${trouble})`;
  if (!isRequired) process.stdout.write(`Left out: ${title}; ${reason}\n`);
  describe(title, () => {
    it("is left out without PostgreSQL", ({ skip }) => {
      if (isRequired) throw new Error(`This cannot be left out here; ${reason}`);
      skip(reason);
    });
  });
}

async function findTrouble(): Promise<string | undefined> {
  const client = new Client({ ...address, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("SELECT 1");
    return undefined;
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  } finally {
    await client.end().catch(() => {});
  }
}
