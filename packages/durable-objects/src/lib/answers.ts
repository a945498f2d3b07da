import type { StoredAnswer } from "@turnpike/core";
import type { Sql, SqlValue } from "./cloudflare.js";
import { readSetting } from "./schema.js";

/** Expired ones that one insertion removes. */
const SWEPT = 4;
/** Bytes that a row may have; Cloudflare allows 2 MB, everything included. */
const ROW = 1_990_000;

export type AnswerHead = Omit<StoredAnswer, "body">;

interface Row extends Record<string, SqlValue> {
  readonly head: string;
  readonly body: ArrayBuffer;
}

/** The responses of one object. */
export function openAnswers(sql: Sql) {
  return {
    /** The head is JSON of an `AnswerHead`. */
    read: (id: string, now: number): Row | undefined =>
      sql.exec<Row>("SELECT head, body FROM answers WHERE id = ? AND expires_at > ?", id, now).toArray()[0],

    drop: (id: string): void => {
      sql.exec("DELETE FROM answers WHERE id = ?", id);
    },

    /**
     * Keeps a response of a record that has none, dropping the oldest for it, or declines it.
     * @param limit bytes of all responses
     */
    keep: (id: string, answer: AnswerHead, body: Uint8Array<ArrayBuffer>, limit: number): void => {
      const head = JSON.stringify(answer);
      const bytes = body.byteLength;
      // A character of UTF-16 has at most three bytes in UTF-8.
      if (bytes > limit || bytes + 3 * (head.length + id.length) > ROW) return;
      const { expiresAt } = answer;
      sql.exec(
        "INSERT INTO answers (id, expires_at, bytes, head, body) VALUES (?, ?, ?, ?, ?)",
        id,
        expiresAt,
        bytes,
        head,
        body,
      );
      let dropped = true;
      while (dropped && (readSetting(sql, "answer_bytes") ?? 0) > limit) {
        const oldest = "DELETE FROM answers WHERE seq = (SELECT min(seq) FROM answers) RETURNING seq";
        dropped = sql.exec(oldest).toArray().length > 0;
      }
    },

    sweep: (now: number): void => {
      const oldest = "SELECT seq FROM answers WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";
      sql.exec(`DELETE FROM answers WHERE seq IN (${oldest})`, now, SWEPT);
    },
  };
}
