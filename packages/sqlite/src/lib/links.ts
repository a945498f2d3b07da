import type { Connection } from "./file.js";

/** Which keys are bound to which payments. */
export interface Links {
  linked(key: string): string | undefined;
  link(key: string, id: string, expiresAt: number, instead?: string): string;
  /** Drops up to so many that have expired. */
  sweep(now: number, most: number): void;
}

export function createLinks(connection: Connection): Links {
  const read = connection.prepare("SELECT id FROM links WHERE key = ? AND expires_at > ?");
  const bind = connection.prepare(
    "INSERT INTO links (key, id, expires_at) VALUES (?, ?, ?) " +
      "ON CONFLICT (key) DO UPDATE SET id = excluded.id, expires_at = excluded.expires_at",
  );
  const sweep = connection.prepare(
    "DELETE FROM links WHERE seq IN (SELECT seq FROM links WHERE expires_at <= ? LIMIT ?)",
  );
  const linked = (key: string) => (read.get([key, Date.now()]) as { id: string } | undefined)?.id;
  return {
    linked,
    link: (key, id, expiresAt, instead) => {
      const bound = linked(key);
      if (bound !== undefined && bound !== instead) return bound;
      bind.run([key, id, expiresAt]);
      return id;
    },
    sweep: (now, most) => {
      sweep.run([now, most]);
    },
  };
}
