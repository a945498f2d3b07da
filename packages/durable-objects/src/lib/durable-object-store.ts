import {
  inListOrder,
  type ListPosition,
  type Reading,
  type Store,
  type StoredAnswer,
  type StoreQuery,
} from "@turnpike/core";
import type { AnswerHead } from "./answers.js";
import type { LedgerNamespace } from "./cloudflare.js";
import { LEDGER_URL, type Message, readMessage, writeMessage } from "./message.js";
import type { Operation, Requests } from "./operations.js";
import { type DurableObjectStoreOptions, readOptions } from "./options.js";

/**
 * Payment records in Durable Objects of the class `PaymentLedger`, shared by every instance of the Worker. Writes are
 * on disk before an operation resolves.
 * @param namespace the binding of the class
 * @throws ConfigError
 */
export function durableObjectStore(namespace: LedgerNamespace, options: DurableObjectStoreOptions = {}): Store {
  const { name, shards, maxAnswer, answerBytes, timeout } = readOptions(namespace, options);
  const limit = Math.floor(answerBytes / shards);
  const all = Array.from({ length: shards }, (_, shard) => shard);
  const shardOf = (text: string) => hash(text) % shards;
  let agreed = false;

  const send = async (shard: number, operation: Operation, message: Uint8Array<ArrayBuffer>) => {
    // A stub is made for each call: one that has failed may keep failing, and one of another request cannot be used.
    const stub = namespace.get(namespace.idFromName(`${name}/${shard}`));
    const controller = new AbortController();
    const late = () => controller.abort(new Error(`The payment ledger did not respond within ${timeout} ms`));
    const timer = setTimeout(late, timeout);
    try {
      const init = { method: "POST", body: message, signal: controller.signal };
      const response = await stub.fetch(LEDGER_URL + operation, init);
      const answer = new Uint8Array(await response.arrayBuffer());
      if (response.status === 200) return readMessage(answer);
      throw new Error(`The payment ledger refused: ${new TextDecoder().decode(answer)}`);
    } finally {
      clearTimeout(timer);
    }
  };

  const ask = async <O extends Operation>(shard: number, operation: O, request: Requests[O], body?: Uint8Array) => {
    // Before any wait: the body may be in a buffer that its handler uses again.
    const message = writeMessage(JSON.stringify({ ...request, shards }), body);
    // The first object knows how many there are; one that is new does not.
    if (!agreed && shard !== 0) await send(0, "agree", writeMessage(JSON.stringify({ shards })));
    const answer = await send(shard, operation, message);
    agreed = true;
    return answer;
  };
  const tell = async <T>(answer: Promise<Message>) => ((await answer).head ?? undefined) as T;

  /** What one object has of a list. */
  const listOf = async (shard: number, query: StoreQuery): Promise<readonly Reading[]> => {
    const found: Reading[] = [];
    let rest = query;
    while (found.length < query.limit) {
      const page = await tell<{ readings: readonly Reading[]; next: ListPosition | null }>(ask(shard, "page", rest));
      for (const reading of page.readings) found.push(reading);
      if (!page.next) break;
      rest = { ...query, limit: query.limit - found.length, after: page.next };
    }
    return found;
  };

  return {
    name: "durable-objects",
    atomic: true,
    scope: "shared",
    read: (id) => tell<Reading | undefined>(ask(shardOf(id), "read", { id })),
    insert: (record, lease) => tell<boolean>(ask(shardOf(record.id), "insert", { record, lease })),
    replace: (record, version, lease, answer) => {
      const shard = shardOf(record.id);
      const change = { record, version, lease, limit };
      if (!answer) return tell<boolean>(ask(shard, "replace", change));
      const { body, ...head } = answer;
      if (body.byteLength > maxAnswer) return tell<boolean>(ask(shard, "replace", { ...change, answer: null }));
      return tell<boolean>(ask(shard, "replace", { ...change, answer: head }, body));
    },
    renew: (id, holder, lease) => tell<boolean>(ask(shardOf(id), "renew", { id, holder, lease })),
    answer: async (id): Promise<StoredAnswer | undefined> => {
      const { head, body } = await ask(shardOf(id), "answer", { id });
      return head === null ? undefined : { ...(head as AnswerHead), body };
    },
    link: (key, id, expiresAt, instead) =>
      tell<string>(ask(shardOf(key), "link", { key, id, expiresAt, ...(instead === undefined ? {} : { instead }) })),
    linked: (key) => tell<string | undefined>(ask(shardOf(key), "linked", { key })),
    list: async (query) => {
      const lists = await Promise.all(all.map((shard) => listOf(shard, query)));
      const [only] = lists;
      return lists.length === 1 && only ? only : lists.flat().sort(inListOrder(query.order)).slice(0, query.limit);
    },
  };
}

/** FNV-1a, 32 bits: spreads ids that differ in few places. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return sum >>> 0;
}
