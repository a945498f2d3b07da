import { randomBytes } from "node:crypto";
import type { Store, StoredAnswer, StoredPayment } from "@turnpike/core";
import type { RedisClient } from "./client.js";
import type { Argument } from "./commands.js";
import { createList } from "./lists.js";
import { limitOperations, type Send } from "./operations.js";
import { type RedisStoreOptions, readOptions } from "./options.js";
import { createPreparation } from "./preparation.js";
import { awaitReplicas } from "./replication.js";
import { optional, readAnswer, readFlag, readReading, readText } from "./replies.js";
import { ANSWER, INSERT, LINK, LINKED, READ, RENEW, REPLACE, runScript, type Script } from "./scripts.js";
import { createUpgrade } from "./upgrade.js";

/**
 * Payment records in Redis, shared by every process that uses it. The client belongs to the app and is neither
 * connected nor closed here. Every operation is one script, and rejects with a StoreError.
 * @param client a client, pool, sentinel or cluster of `redis`, or a Redis or Cluster of `ioredis`
 * @throws ConfigError
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): Store {
  const { commands, key, timeout, replicas, maxAnswer, answerBytes, allowEviction } = readOptions(client, options);
  const operate = limitOperations(commands, timeout);
  const prepare = createPreparation(key, allowEviction, createUpgrade(operate, key, timeout));
  const connections = replicas > 0 ? commands.countConnections?.() : undefined;
  const writer = randomBytes(9).toString("base64url");
  let writes = 0;

  const perform = async (send: Send, script: Script, args: readonly Argument[]) => {
    await prepare(send);
    return runScript(send, script, key, args);
  };
  const run = <T>(script: Script, args: readonly Argument[], read: (reply: unknown) => T): Promise<T> =>
    operate(async (send) => read(await perform(send, script, args)));

  /** Writes a record; false if that may not be. */
  const write = (script: Script, args: readonly Argument[]): Promise<boolean> =>
    operate(async (send) => {
      const written = readFlag(await perform(send, script, args));
      // Half of the time, so that a reply which says that it was not enough still comes in time.
      if (written && connections) await awaitReplicas(send, connections, replicas, Math.ceil(timeout / 2));
      return written;
    });

  const saved = (record: StoredPayment, lease: number): string[] => {
    const { id, version, state, holder, createdAt, updatedAt, expiresAt, chargedAt, answered } = record;
    const ends = expiresAt === undefined ? "" : wholeNumber(expiresAt);
    const charged = chargedAt === undefined ? "" : String(chargedAt);
    const times = [String(createdAt), String(updatedAt), ends, String(lease)];
    const spare = (state === "released" || state === "failed") && !answered ? "1" : "0";
    return [
      `${writer}-${++writes}`,
      id,
      JSON.stringify(record),
      String(version),
      state,
      holder,
      ...times,
      spare,
      charged,
    ];
  };

  const answered = ({ status, headers, body, expiresAt }: StoredAnswer): Argument[] => {
    if (body.byteLength > maxAnswer) return ["1"];
    // A copy, before any wait: the body may be in a buffer that its handler uses again.
    const bytes = Buffer.from(body);
    return ["1", String(status), JSON.stringify(headers), bytes, wholeNumber(expiresAt), String(answerBytes)];
  };

  return {
    name: "redis",
    atomic: true,
    scope: "shared",
    read: (id) => run(READ, [id], optional(readReading)),
    insert: (record, lease) => write(INSERT, saved(record, lease)),
    replace: (record, version, lease, answer) =>
      write(REPLACE, [...saved(record, lease), String(version), ...(answer ? answered(answer) : ["0"])]),
    renew: (id, holder, lease) => run(RENEW, [id, holder, String(lease)], readFlag),
    answer: (id) => run(ANSWER, [id], optional(readAnswer)),
    link: (name, id, expiresAt, instead) =>
      run(LINK, [name, id, wholeNumber(expiresAt), ...(instead === undefined ? [] : [instead])], readText),
    linked: (name) => run(LINKED, [name], optional(readText)),
    list: createList(run),
  };
}

/** Redis takes times in whole milliseconds only. */
function wholeNumber(time: number): string {
  return String(Math.ceil(time));
}
