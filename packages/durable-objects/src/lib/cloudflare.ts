// What this package uses of Cloudflare's types, in their own form, so that it needs no package of theirs.

/** A binding to a class of Durable Objects: `DurableObjectNamespace`. */
export interface LedgerNamespace {
  idFromName(name: string): object;
  get(id: object): LedgerStub;
}

export interface LedgerStub {
  fetch(
    url: string,
    init: { readonly method: string; readonly body: Uint8Array<ArrayBuffer>; readonly signal: AbortSignal },
  ): Promise<{ readonly status: number; arrayBuffer(): Promise<ArrayBuffer> }>;
}

/** What a Durable Object is made with: `DurableObjectState`. */
export interface LedgerState {
  readonly storage: LedgerStorage;
  blockConcurrencyWhile<T>(callback: () => Promise<T>): Promise<T>;
}

export interface LedgerStorage {
  readonly sql: Sql;
  transactionSync<T>(closure: () => T): T;
}

export type SqlValue = ArrayBuffer | string | number | null;

export interface Sql {
  exec<T extends Record<string, SqlValue>>(
    query: string,
    ...bindings: (SqlValue | Uint8Array<ArrayBuffer>)[]
  ): { toArray(): T[] };
}
