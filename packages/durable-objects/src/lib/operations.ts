import type { StoredPayment, StoreQuery } from "@turnpike/core";
import { type AnswerHead, openAnswers } from "./answers.js";
import type { LedgerStorage } from "./cloudflare.js";
import { openLinks } from "./links.js";
import { readPage } from "./lists.js";
import { openRecords } from "./records.js";

/** What a Worker asks of an object, as it goes between them. Leases are milliseconds from now. */
export interface Requests {
  /** Only what is checked ahead of every operation. */
  agree: object;
  read: { readonly id: string };
  insert: { readonly record: StoredPayment; readonly lease: number };
  replace: {
    readonly record: StoredPayment;
    readonly version: number;
    readonly lease: number;
    /** Its body goes beside it; `null`: there is one that is too large to be kept. */
    readonly answer?: AnswerHead | null;
    /** Bytes of all responses in this object. */
    readonly limit: number;
  };
  renew: { readonly id: string; readonly holder: string; readonly lease: number };
  answer: { readonly id: string };
  link: { readonly key: string; readonly id: string; readonly expiresAt: number; readonly instead?: string };
  linked: { readonly key: string };
  /** A part of a list; the reply says where it goes on. */
  page: StoreQuery;
}

export type Operation = keyof Requests;

/** JSON of what the store gives, `null` for nothing, and the body of a response. */
export interface Result {
  readonly head: string;
  readonly body?: Uint8Array<ArrayBuffer>;
}

type Operations = {
  readonly [O in Operation]: (request: Requests[O], body: Uint8Array<ArrayBuffer>) => Result;
};

/** The operations on the tables of one object. None pauses, so no other comes in between. */
export function openOperations({ sql }: LedgerStorage): Operations {
  const records = openRecords(sql);
  const answers = openAnswers(sql);
  const links = openLinks(sql);
  const tell = (value: boolean | string | undefined): Result => ({ head: JSON.stringify(value ?? null) });

  return {
    agree: () => tell(true),
    read: ({ id }) => ({ head: records.read(id, Date.now()) ?? "null" }),
    insert: ({ record, lease }) => {
      const now = Date.now();
      records.sweep(now);
      answers.sweep(now);
      return tell(records.insert(record, now + lease));
    },
    replace: ({ record, version, lease, answer, limit }, body) => {
      const replaced = records.replace(record, version, Date.now() + lease);
      if (replaced && answer !== undefined) answers.drop(record.id);
      if (replaced && answer) answers.keep(record.id, answer, body, limit);
      return tell(replaced);
    },
    renew: ({ id, holder, lease }) => tell(records.renew(id, holder, Date.now() + lease)),
    answer: ({ id }) => {
      const kept = answers.read(id, Date.now());
      return kept ? { head: kept.head, body: new Uint8Array(kept.body) } : tell(undefined);
    },
    link: ({ key, id, expiresAt, instead }) => tell(links.bind(key, id, expiresAt, instead, Date.now())),
    linked: ({ key }) => tell(links.read(key, Date.now())),
    page: (query) => {
      const { readings, next = null } = readPage(sql, query, Date.now());
      return { head: `{"readings":[${readings.join(",")}],"next":${JSON.stringify(next)}}` };
    },
  };
}
