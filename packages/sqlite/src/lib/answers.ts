import type { StoredAnswer } from "@turnpike/core";
import type { Connection } from "./file.js";
import type { Settings } from "./options.js";

/** The kept responses of a file, up to a number of bytes in all. Its count is rolled back with a transaction that fails. */
export interface Answers {
  read(id: string): StoredAnswer | undefined;
  /** Writes a response in place of an earlier one; one beyond the limit is declined. */
  put(id: string, answer: StoredAnswer): void;
  drop(id: string): void;
  /** Drops up to so many that have expired. */
  sweep(now: number, most: number): void;
  keep(): void;
  takeBack(): void;
}

interface AnswerRow {
  readonly status: number;
  readonly headers: string;
  readonly body: Uint8Array | ArrayBuffer;
  readonly expires_at: number;
}

export function createAnswers(connection: Connection, { maxAnswer, answerBytes }: Settings): Answers {
  const read = connection.prepare(
    "SELECT status, headers, body, expires_at FROM answers WHERE id = ? AND expires_at > ?",
  );
  const insert = connection.prepare(
    "INSERT INTO answers (id, size, expires_at, status, headers, body) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const remove = connection.prepare("DELETE FROM answers WHERE id = ? RETURNING size");
  const removeOldest = connection.prepare(
    "DELETE FROM answers WHERE seq = (SELECT min(seq) FROM answers) RETURNING size",
  );
  const expired = connection.prepare("SELECT id FROM answers WHERE expires_at <= ? LIMIT ?");
  const sum = connection.prepare("SELECT coalesce(sum(size), 0) AS size FROM answers");

  let kept = (sum.get([]) as { size: number }).size;
  let before = kept;

  const drop = (id: string): void => {
    kept -= (remove.get([id]) as { size: number } | undefined)?.size ?? 0;
  };

  return {
    read: (id) => {
      const row = read.get([id, Date.now()]) as AnswerRow | undefined;
      if (!row) return undefined;
      const body = row.body instanceof ArrayBuffer ? new Uint8Array(row.body) : row.body;
      return { status: row.status, headers: JSON.parse(row.headers), body, expiresAt: row.expires_at };
    },
    put: (id, { status, headers, body, expiresAt }) => {
      drop(id);
      const head = JSON.stringify(headers);
      const size = head.length + body.byteLength;
      if (body.byteLength > maxAnswer || size > answerBytes) return;
      insert.run([id, size, expiresAt, status, head, body]);
      kept += size;
      while (kept > answerBytes) {
        const oldest = removeOldest.get([]) as { size: number } | undefined;
        kept = oldest ? kept - oldest.size : 0;
      }
    },
    drop,
    sweep: (now, most) => {
      for (const { id } of expired.all([now, most]) as { id: string }[]) drop(id);
    },
    keep: () => {
      before = kept;
    },
    takeBack: () => {
      kept = before;
    },
  };
}
