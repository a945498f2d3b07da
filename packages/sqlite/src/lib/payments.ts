import type { PaymentState, Reading, StoredPayment, StoreQuery } from "@turnpike/core";
import type { Connection } from "./file.js";
import type { Leases } from "./leases.js";

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

interface Found {
  readonly id: string;
  readonly time: number;
  readonly record: string;
}

const STATES: readonly PaymentState[] = [
  "running",
  "settling",
  "settled",
  "delivered",
  "owed",
  "unknown",
  "released",
  "failed",
];

export function createPayments(connection: Connection, leases: Leases): Payments {
  const read = connection.prepare("SELECT record FROM payments WHERE id = ?");
  const insert = connection.prepare(
    "INSERT INTO payments (version, state, holder, created_at, updated_at, expires_at, record, id) " +
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const replace = connection.prepare(
    "UPDATE payments SET version = ?, state = ?, holder = ?, created_at = ?, updated_at = ?, expires_at = ?, record = ? " +
      "WHERE id = ? AND version = ?",
  );
  const held = connection.prepare("SELECT 1 FROM payments WHERE id = ? AND holder = ?");
  const lists = {
    newest: connection.prepare(
      "SELECT id, created_at AS time, record FROM payments WHERE state = ? ORDER BY created_at DESC LIMIT ?",
    ),
    oldest: connection.prepare(
      "SELECT id, updated_at AS time, record FROM payments WHERE state = ? ORDER BY updated_at LIMIT ?",
    ),
  };
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
    list: ({ states = STATES, lapsed = false, order, limit }) => {
      // Each state by its own index, and as many as are left when those with a lease are gone.
      const most = Math.min(lapsed ? limit + leases.count() : limit, Number.MAX_SAFE_INTEGER);
      const found = [...new Set(states)].flatMap((state) => lists[order].all([state, most]) as Found[]);
      found.sort((a, b) => (order === "newest" ? b.time - a.time : a.time - b.time));
      const chosen = lapsed ? found.filter(({ id }) => !leases.isHeld(id)) : found;
      return chosen.slice(0, limit).map(({ id, record }) => reading(id, record));
    },
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
  return [version, state, holder, createdAt, updatedAt, expiresAt, JSON.stringify(record), id];
}
