import { StoreError } from "../errors.js";
import { inListOrder, isListed } from "./listing.js";
import { isGuard, isJunk, type StoredAnswer, type StoredPayment } from "./record.js";
import type { Reading, Store } from "./store.js";

export interface MemoryStoreOptions {
  /** Total bytes of kept responses; the oldest are dropped first. @default 67108864 (64 MiB) */
  readonly answerBytes?: number;
}

const ANSWER_BYTES = 64 * 1024 * 1024;
/** Records, and links, beyond which those without a use are dropped early, oldest first. */
const MAX_RECORDS = 100_000;
/** Records beyond which there is no room for another: none of them may go, or a payment could buy again. */
const FULL = 250_000;
/** Milliseconds after which it is looked again whether one may go. */
const LOOK_AGAIN = 1_000;
/** What one insertion looks at: what is dropped keeps pace with what comes. */
const SWEPT = 4;

interface Row {
  record: StoredPayment;
  /** By the monotonic clock, in milliseconds. */
  leasedUntil: number;
}

/** Keeps records in memory: for one process, and lost when it ends. */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const rows = new Map<string, Row>();
  const answers = keepAnswers(options.answerBytes ?? ANSWER_BYTES);
  const links = new Map<string, { id: string; expiresAt: number }>();

  const drop = (id: string) => {
    rows.delete(id);
    answers.drop(id);
  };
  // Junk goes first. A closed record goes before its time only if its payment could not buy again without it.
  const sweepRows = sweeper(
    rows,
    ({ record: { expiresAt } }, now) => expiresAt !== undefined && expiresAt <= now,
    [({ record }) => isJunk(record), ({ record }, now) => !isGuard(record, now)],
    drop,
  );
  let lookedAt = Number.NEGATIVE_INFINITY;
  const isFull = (): boolean => {
    if (rows.size < FULL) return false;
    if (performance.now() - lookedAt >= LOOK_AGAIN) {
      lookedAt = performance.now();
      sweepRows(true);
    }
    return rows.size >= FULL;
  };
  const sweepLinks = sweeper(
    links,
    ({ expiresAt }, now) => expiresAt <= now,
    [({ id }) => !rows.has(id)],
    (key) => links.delete(key),
  );

  const read = (row: Row): Reading => ({ record: row.record, leased: row.leasedUntil > performance.now() });
  const boundTo = (key: string): string | undefined => {
    const link = links.get(key);
    return link && link.expiresAt > Date.now() ? link.id : undefined;
  };

  return {
    name: "memory",
    atomic: true,
    scope: "process",
    read: (id) => {
      const row = rows.get(id);
      return row && read(row);
    },
    insert: (record, lease) => {
      if (rows.has(record.id)) return false;
      if (isFull())
        throw new StoreError("store_full", "The memory store is full of payments that cannot be dropped yet");
      rows.set(record.id, { record, leasedUntil: performance.now() + lease });
      sweepRows();
      return true;
    },
    replace: (record, version, lease, answer) => {
      const row = rows.get(record.id);
      if (row?.record.version !== version) return false;
      row.record = record;
      row.leasedUntil = performance.now() + lease;
      if (answer) answers.put(record.id, answer);
      return true;
    },
    renew: (id, holder, lease) => {
      const row = rows.get(id);
      if (row?.record.holder !== holder) return false;
      row.leasedUntil = performance.now() + lease;
      return true;
    },
    answer: (id) => answers.get(id),
    link: (key, id, expiresAt, instead) => {
      const bound = boundTo(key);
      if (bound !== undefined && bound !== instead) return bound;
      links.delete(key);
      links.set(key, { id, expiresAt });
      sweepLinks();
      return id;
    },
    linked: boundTo,
    list: (query) => {
      const inOrder = inListOrder(query.order);
      const found: Reading[] = [];
      // Sorting a page's worth now and then, and passing what comes behind it, is faster than sorting everything.
      let last: Reading | undefined;
      for (const row of rows.values()) {
        const reading = read(row);
        if (!isListed(reading, query) || (last && inOrder(reading, last) > 0)) continue;
        if (found.push(reading) < 2 * query.limit) continue;
        found.sort(inOrder).splice(query.limit);
        last = found.at(-1);
      }
      return found.sort(inOrder).slice(0, query.limit);
    },
  };
}

/**
 * Drops a few entries that are over at each call, and makes room when there are too many.
 * @param spare what may be dropped early, for room: each kind once there is none of the kinds before it
 * @returns drops; `true`: makes room now, if there are too many
 */
function sweeper<V>(
  map: ReadonlyMap<string, V>,
  isOver: (value: V, now: number) => boolean,
  spare: readonly ((value: V, now: number) => boolean)[],
  drop: (key: string) => void,
): (makeRoom?: boolean) => void {
  // One iterator goes round and round: a new one would first have to pass everything that was deleted ahead of it.
  let walk = map.entries();
  let most = MAX_RECORDS;
  return (makeRoom = false) => {
    const now = Date.now();
    for (let i = 0; i < SWEPT; i++) {
      const { done, value: entry } = walk.next();
      if (done) {
        walk = map.entries();
        break;
      }
      if (isOver(entry[1], now)) drop(entry[0]);
    }
    if (map.size <= (makeRoom ? MAX_RECORDS : most)) return;
    // A twentieth at once, or a twentieth later if nothing can go: looking through all of them is not for every call.
    for (const isSpare of spare) {
      for (const [key, value] of map) {
        if (map.size <= MAX_RECORDS * 0.95) break;
        if (isSpare(value, now)) drop(key);
      }
    }
    most = Math.max(MAX_RECORDS, map.size + MAX_RECORDS / 20);
  };
}

/** Answers up to so many bytes in all. A map keeps the order of insertion, so the oldest go first. */
function keepAnswers(limit: number) {
  const kept = new Map<string, StoredAnswer>();
  let size = 0;
  const drop = (id: string) => {
    const answer = kept.get(id);
    if (!answer) return;
    size -= bytesOf(answer);
    kept.delete(id);
  };
  return {
    drop,
    get: (id: string): StoredAnswer | undefined => {
      const answer = kept.get(id);
      if (answer && answer.expiresAt <= Date.now()) drop(id);
      return kept.get(id);
    },
    put: (id: string, answer: StoredAnswer) => {
      drop(id);
      const bytes = bytesOf(answer);
      if (bytes > limit) return;
      // Handlers use their buffers again, and a small body may be a part of a large one.
      kept.set(id, { ...answer, body: answer.body.slice() });
      size += bytes;
      if (size <= limit) return;
      // A tenth at once: finding the oldest means passing what was dropped ahead of it.
      for (const [oldest] of kept) {
        if (size <= limit * 0.9 || oldest === id) return;
        drop(oldest);
      }
    },
  };
}

function bytesOf({ headers, body }: StoredAnswer): number {
  return headers.reduce((sum, [name, value]) => sum + name.length + value.length, body.byteLength);
}
