import type { StoredPayment } from "@turnpike/core";
import type { Sql, SqlValue } from "./cloudflare.js";

/** Expired ones that one insertion removes: what goes keeps pace with what comes. */
const SWEPT = 4;

/** A record as it is in its table: JSON, untouched on its way out. */
interface Row extends Record<string, SqlValue> {
  readonly record: string;
  readonly leased_until: number;
}

/** JSON of a `Reading`. */
const toReading = (row: Row, now: number) => `{"leased":${row.leased_until > now},"record":${row.record}}`;

/** The record tables of one object. Times are Unix milliseconds of its own clock. */
export function openRecords(sql: Sql) {
  const changed = (query: string, ...values: SqlValue[]) => sql.exec(query, ...values).toArray().length > 0;
  const columns = (record: StoredPayment, leasedUntil: number) =>
    [
      record.version,
      record.state,
      record.holder,
      leasedUntil,
      record.createdAt,
      record.updatedAt,
      record.expiresAt ?? null,
      record.route,
      record.payer ?? null,
      record.chargedAt ?? null,
      JSON.stringify(record),
      record.id,
    ] as const;

  return {
    read: (id: string, now: number): string | undefined => {
      const [row] = sql.exec<Row>("SELECT record, leased_until FROM records WHERE id = ?", id).toArray();
      return row && toReading(row, now);
    },

    insert: (record: StoredPayment, leasedUntil: number): boolean =>
      changed(
        `INSERT INTO records (version, state, holder, leased_until, created_at, updated_at, expires_at, route, payer,
        charged_at, record, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING seq`,
        ...columns(record, leasedUntil),
      ),

    replace: (record: StoredPayment, version: number, leasedUntil: number): boolean =>
      changed(
        `UPDATE records SET version = ?, state = ?, holder = ?, leased_until = ?, created_at = ?, updated_at = ?,
        expires_at = ?, route = ?, payer = ?, charged_at = ?, record = ? WHERE id = ? AND version = ? RETURNING seq`,
        ...columns(record, leasedUntil),
        version,
      ),

    renew: (id: string, holder: string, leasedUntil: number): boolean =>
      changed("UPDATE records SET leased_until = ? WHERE id = ? AND holder = ? RETURNING seq", leasedUntil, id, holder),

    sweep: (now: number): void => {
      const oldest = "SELECT seq FROM records WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";
      sql.exec(`DELETE FROM records WHERE seq IN (${oldest})`, now, SWEPT);
    },
  };
}
