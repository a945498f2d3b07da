import { createHash } from "node:crypto";
import { SHARED } from "./lua.js";
import type { Send } from "./operations.js";

/** A script, and the name that Redis knows it by once it has seen it. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/** A script after what all have in common. */
export function script(body: string): Script {
  const source = `${SHARED}${body}`;
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}

/** Runs a script, which Redis may have forgotten: after a restart, for example. @param key what every key begins with */
export async function runScript(
  send: Send,
  { source, sha }: Script,
  key: string,
  args: readonly (string | Buffer)[],
): Promise<unknown> {
  try {
    return await send(["EVALSHA", sha, "1", key, ...args]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return send(["EVAL", source, "1", key, ...args]);
  }
}

/**
 * ARGV: the version of the keys that this code knows. Gives the one found, or made, Redis' eviction policy, and since when
 * records of an earlier version may have come after all.
 */
export const PREPARE = script(`
local memory = redis.pcall('INFO', 'memory')
local policy = type(memory) == 'string' and string.match(memory, 'maxmemory_policy:([%w-]+)') or ''
local version = redis.call('GET', base .. 'schema')
if not version then
  version = ARGV[1]
  redis.call('SET', base .. 'schema', version)
end
return {version, policy, redis.call('GET', base .. 'late') or ''}
`);

/** ARGV: id. Gives the record and whether it is leased. */
export const READ = script(`
if is_over(ARGV[1]) then return false end
local json, state = unpack(redis.call('HMGET', base .. 'record:' .. ARGV[1], 'json', 'state'))
return json and {json, is_leased(ARGV[1], state) and 1 or 0}
`);

/** ARGV: as \`save\` takes it. A client that lost the connection sends a command again: the token tells that it is one. */
export const INSERT = script(`
local id = ARGV[2]
local token = redis.call('HGET', base .. 'record:' .. id, 'token')
if token and token == ARGV[1] then return 1 end
if token and not is_over(id) then return 0 end
if redis.call('ZSCORE', base .. 'ends', id) then drop_record(id) end
save()
sweep()
return 1
`);

/** ARGV: as \`save\` takes it, the version replaced, 1 if there is an answer, and it: status, headers, body, expiresAt, limit. */
export const REPLACE = script(`
local id = ARGV[2]
local token, version, state = unpack(redis.call('HMGET', base .. 'record:' .. id, 'token', 'version', 'state'))
if token and token == ARGV[1] then return 1 end
if version ~= ARGV[13] or is_over(id) then return 0 end
unindex(id, state)
save()
if ARGV[14] == '1' then drop_answer(id) end
if ARGV[15] then
  sweep()
  keep_answer(id, ARGV[15], ARGV[16], ARGV[17], ARGV[18], tonumber(ARGV[19]))
end
return 1
`);

/** ARGV: id, holder, lease. */
export const RENEW = script(`
local holder, state = unpack(redis.call('HMGET', base .. 'record:' .. ARGV[1], 'holder', 'state'))
if holder ~= ARGV[2] or is_over(ARGV[1]) then return 0 end
lease(ARGV[1], state, tonumber(ARGV[3]))
return 1
`);

/** ARGV: id. */
export const ANSWER = script(`
if is_over(ARGV[1]) or redis.call('EXISTS', base .. 'record:' .. ARGV[1]) == 0 then return false end
local answer = redis.call('HMGET', base .. 'answer:' .. ARGV[1], 'status', 'headers', 'body', 'ends')
return answer[1] and answer
`);

/** ARGV: key, id, expiresAt, and the id instead of which it is bound, if there is one. */
export const LINK = script(`
local key = base .. 'link:' .. ARGV[1]
local bound = redis.call('GET', key)
if bound and bound ~= ARGV[4] then return bound end
redis.call('SET', key, ARGV[2])
redis.call('PEXPIREAT', key, ARGV[3])
return ARGV[2]
`);

/** ARGV: key. */
export const LINKED = script("return redis.call('GET', base .. 'link:' .. ARGV[1])");
