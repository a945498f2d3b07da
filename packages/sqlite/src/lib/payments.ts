import type { Reading, StoredPayment, StoreQuery } from "@turnpike/core";
import type { Connection } from "./file.js";
import type { Leases } from "./leases.js";
import { createLists } from "./lists.js";

/** The records of a file. */
export interface Payments {
  read(id: string): Reading | undefined;
  insert(record: StoredPayment, lease: number): boolean;
  replace(record: StoredPayment, version: number, lease: number): boolean;
  renew(id: string, holder: string, lease: number): boolean;
  list(query: StoreQuery): readonly Reading[];
  /** Drops up to so many that have ended, and gives their ids. */
  sweep(now: number, most: number): readonly string[];
}

/** What records are found by, and the record; its id comes last. */
const COLUMNS = [
  "version",
  "state",
  "holder",
  "created_at",
  "updated_at",
  "expires_at",
  "route",
  "payer",
  "charged_at",
  "record",
];

export function createPayments(connection: Connection, leases: Leases): Payments {
  const read = connection.prepare("SELECT record FROM payments WHERE id = ?");
  const insert = connection.prepare(
    `INSERT INTO payments (${COLUMNS.join(", ")}, id) VALUES (${COLUMNS.map(() => "?").join(", ")}, ?) ON CONFLICT DO NOTHING`,
  );
  const replace = connection.prepare(
    `UPDATE payments SET ${COLUMNS.map((column) => `${column} = ?`).join(", ")} WHERE id = ? AND version = ?`,
  );
  const held = connection.prepare("SELECT 1 FROM payments WHERE id = ? AND holder = ?");
  const list = createLists(connection, leases);
  const ended = connection.prepare("SELECT id FROM payments WHERE expires_at <= ? LIMIT ?");
  const remove = connection.prepare("DELETE FROM payments WHERE id = ?");

  const reading = (id: string, record: string): Reading => ({ record: JSON.parse(record), leased: leases.isHeld(id) });

  return {
    read: (id) => {
      const row = read.get([id]) as { record: string } | undefined;
      return row && reading(id, row.record);
    },
    insert: (record, lease) => {
      if (insert.run(valuesOf(record)).changes === 0) return false;
      leases.set(record.id, lease);
      return true;
    },
    replace: (record, version, lease) => {
      if (replace.run([...valuesOf(record), version]).changes === 0) return false;
      leases.set(record.id, lease);
      return true;
    },
    renew: (id, holder, lease) => {
      if (!held.get([id, holder])) return false;
      leases.set(id, lease);
      return true;
    },
    list,
    sweep: (now, most) => {
      const ids = (ended.all([now, most]) as { id: string }[]).map(({ id }) => id);
      for (const id of ids) {
        remove.run([id]);
        leases.set(id, 0);
      }
      return ids;
    },
  };
}

function valuesOf(record: StoredPayment): unknown[] {
  const { version, state, holder, createdAt, updatedAt, expiresAt = null, id } = record;
  const { route, payer = null, chargedAt = null } = record;
  const found = [version, state, holder, createdAt, updatedAt, expiresAt, route, payer, chargedAt];
  return [...found, JSON.stringify(record), id];
}
