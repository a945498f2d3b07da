import type { Sql } from "./cloudflare.js";

/** Expired ones that one binding removes. */
const SWEPT = 4;

/** The keys of one object, and the payments that they are bound to. */
export function openLinks(sql: Sql) {
  const read = (key: string, now: number): string | undefined =>
    sql.exec<{ id: string }>("SELECT id FROM links WHERE key = ? AND expires_at > ?", key, now).toArray()[0]?.id;

  return {
    read,
    /** Gives the id that the key is bound to from then on. */
    bind: (key: string, id: string, expiresAt: number, instead: string | undefined, now: number): string => {
      const bound = read(key, now);
      if (bound !== undefined && bound !== instead) return bound;
      sql.exec("INSERT OR REPLACE INTO links (key, id, expires_at) VALUES (?, ?, ?)", key, id, expiresAt);
      const oldest = "SELECT key FROM links WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";
      sql.exec(`DELETE FROM links WHERE key IN (${oldest})`, now, SWEPT);
      return id;
    },
  };
}
