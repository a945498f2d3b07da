import { randomBytes } from "node:crypto";
import type { Store } from "@turnpike/core";
import { Pool, type PoolConfig } from "pg";
import postgres from "postgres";
import { type PostgresClient, type PostgresStoreOptions, postgresSchema, postgresStore } from "../src/index.js";
import { address } from "./service.js";

export type DriverName = "pg" | "postgres";
export const driverNames: readonly DriverName[] = ["pg", "postgres"];

export interface ClientOptions {
  readonly port?: number;
  readonly user?: string;
  readonly max?: number;
  /** Settings of the session, for example `synchronous_commit`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface TestClient {
  readonly client: PostgresClient;
  end(): Promise<void>;
}

/** A schema of this case's own, and what was opened for it. */
export interface Stage {
  readonly schema: string;
  /** `application_name` of the connections that `open` makes, and of no others. */
  readonly application: string;
  /** For looking and for meddling, as the owner of everything. */
  readonly admin: Pool;
  open(driver: DriverName, options?: ClientOptions): TestClient;
  /** A store in this schema. */
  over(client: unknown, options?: PostgresStoreOptions): Store;
  store(driver: DriverName, options?: PostgresStoreOptions, client?: ClientOptions): Store;
  /** Leaves the tables, and nothing in them. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds for one operation: what a stalled machine needs must not decide a test. */
const PATIENCE = 20_000;

export function openStage(): Stage {
  const schema = `turnpike_test_${randomBytes(6).toString("hex")}`;
  const application = `${schema}_app`;
  const admin = new Pool({ ...address, max: 2 });
  const ends: (() => Promise<void>)[] = [];
  const open: Stage["open"] = (driver, options) => {
    const opened = openClient(driver, application, options);
    ends.push(opened.end);
    return opened;
  };
  const over: Stage["over"] = (client, options) =>
    postgresStore(client as PostgresClient, { schema, timeout: PATIENCE, ...options });
  return {
    schema,
    application,
    admin,
    open,
    over,
    store: (driver, options, client) => over(open(driver, client).client, options),
    clear: async () => {
      await admin.query(postgresSchema(schema));
      for (const table of ["payments", "links"]) await admin.query(`DELETE FROM "${schema}".${table}`);
    },
    close: async () => {
      await Promise.all(ends.map((end) => end()));
      await admin.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
      await admin.end();
    },
  };
}

function openClient(driver: DriverName, application: string, options: ClientOptions = {}): TestClient {
  const { port = address.port, user = address.user, max = 10, settings = {} } = options;
  const where = { ...address, port, user, max };
  if (driver === "postgres") {
    const sql = postgres({
      ...where,
      connection: { application_name: application, ...settings },
      onnotice: refuseNotice,
    });
    let ended: Promise<void> | undefined;
    return {
      client: sql,
      end: () => {
        ended ??= sql.end({ timeout: 1 });
        return ended;
      },
    };
  }
  const given = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const config: PoolConfig = { ...where, application_name: application, options: given.join(" ") };
  const pool = new Pool(config);
  pool.on("error", () => {});
  let ended: Promise<void> | undefined;
  return {
    client: pool,
    end: () => {
      ended ??= pool.end();
      return ended;
    },
  };
}

/** `postgres` prints notices on the app's console unless told otherwise: the store must cause none. */
function refuseNotice(notice: { readonly message?: string }): never {
  throw new Error(`PostgreSQL gave a notice: ${notice.message}`);
}
