import { type ListPosition, PAYMENT_STATES, type StoredPayment, StoreError } from "@turnpike/core";
import type { Operate } from "./operations.js";
import { readJson, readList, readText } from "./replies.js";
import { runScript, script } from "./scripts.js";

/** Brings keys of the first version to the second one. */
export interface Upgrade {
  /** Resolves once it is done. Rejects with `store_migrating` where that takes longer than an operation may wait. */
  toSecond(): Promise<void>;
  /**
   * Goes through what came since then, beside everything else: processes of the first version go on for up to a minute
   * after the change, until they look for the version again.
   * @param since Unix milliseconds
   */
  follow(since: number): void;
}

/** Milliseconds that a charged payment of the first version is kept: 400 days. */
const RETAINED = 400 * 24 * 3_600_000;
/** Records that one script reads, or writes. */
const PAGE = 100;
/** Milliseconds for which processes of the first version are followed: beyond the minute, and one of ours looks once a minute. */
const FOLLOWED = 300_000;
/** Milliseconds that the clocks of processes, which records have their times from, may differ. */
const SKEW = 600_000;

/** ARGV: a state, the time and id behind which it begins, how many. Gives Redis' time, and id, time, token and JSON of each. */
const OLD = script(`
local key = base .. 'updated:' .. ARGV[1]
local first = count_before(key, ARGV[2], ARGV[3], true)
local ids = redis.call('ZRANGE', key, first, first + ARGV[4] - 1, 'WITHSCORES')
local reply = {now}
for i = 1, #ids, 2 do
  local token, json = unpack(redis.call('HMGET', base .. 'record:' .. ids[i], 'token', 'json'))
  reply[#reply + 1] = {ids[i], ids[i + 1], token or '', json or ''}
end
return reply
`);

/** ARGV: for each record id, the token that it must still have, JSON, chargedAt, expiresAt or ''. */
const REVISE = script(`
for i = 1, #ARGV, 5 do
  local id, token, json, charged, ends = unpack(ARGV, i, i + 4)
  local key = base .. 'record:' .. id
  if redis.call('HGET', key, 'token') == token then
    redis.call('PERSIST', key)
    redis.call('HSET', key, 'json', json)
    redis.call('ZADD', base .. 'charged', charged, id)
    if ends ~= '' then redis.call('ZADD', base .. 'ends', ends, id) end
  end
end
return 1
`);

/** ARGV: since when records may have been missed, and for how long they are looked for. */
const FINISH = script(`
if redis.call('GET', base .. 'schema') == '1' then
  redis.call('SET', base .. 'schema', '2')
  redis.call('SET', base .. 'late', ARGV[1], 'PX', ARGV[2])
end
return 1
`);

/**
 * Several processes may do this at once, and one that ends midway leaves nothing that another must know of: a record that
 * was revised is as the second version has it, whatever the version says.
 * @param key what every key begins with
 * @param timeout milliseconds for one operation
 */
export function createUpgrade(operate: Operate, key: string, timeout: number): Upgrade {
  const run = (known: typeof OLD, args: readonly string[]) => operate((send) => runScript(send, known, key, args));

  const revise = async (since: number): Promise<number> => {
    let began = Number.POSITIVE_INFINITY;
    for (const state of PAYMENT_STATES) {
      let place: ListPosition = { time: since, id: "" };
      for (;;) {
        const [now, ...rows] = readList(await run(OLD, [state, String(place.time), place.id, String(PAGE)]));
        began = Math.min(began, Number(readText(now)));
        const found = rows.map((row) => readList(row).map(readText)) as unknown as OldRow[];
        const revised = found.flatMap(([id, , token, json]) => revisionOf(id, token, json));
        if (revised.length > 0) await run(REVISE, revised);
        const last = found.at(-1);
        if (!last || found.length < PAGE) break;
        place = { time: Number(last[1]), id: last[0] };
      }
    }
    return began;
  };

  const upgrade = async () => {
    const began = await revise(0);
    await run(FINISH, [String(began - SKEW), String(FOLLOWED)]);
    await revise(began - SKEW);
  };
  let upgrading: Promise<void> | undefined;
  return {
    toSecond: () => {
      upgrading ??= upgrade().finally(() => {
        upgrading = undefined;
      });
      return patiently(upgrading, timeout / 2);
    },
    // The next look makes up for one that failed.
    follow: (since) => void revise(since).catch(() => {}),
  };
}

type OldRow = readonly [id: string, time: string, token: string, json: string];

/** What is written of a record that was charged, as arguments; nothing for one that is as it should be. */
function revisionOf(id: string, token: string, json: string): readonly string[] {
  if (json === "") return [];
  const record = readJson(json) as StoredPayment;
  if (!record.receipt?.success || record.reason === "moved" || record.chargedAt !== undefined) return [];
  const chargedAt = record.times?.settled ?? record.updatedAt;
  const expiresAt = record.expiresAt === undefined ? undefined : Math.max(record.expiresAt, chargedAt + RETAINED);
  const revised = { ...record, chargedAt, ...(expiresAt === undefined ? {} : { expiresAt }) };
  return [id, token, JSON.stringify(revised), String(chargedAt), expiresAt === undefined ? "" : String(expiresAt)];
}

async function patiently(work: Promise<void>, limit: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = "The records are being updated to a newer schema. Operations succeed once that is done";
    timer = setTimeout(() => reject(new StoreError("store_migrating", message)), limit);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
