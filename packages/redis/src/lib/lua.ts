import { PAYMENT_STATES } from "@turnpike/core";

/** How many expired records, and expired responses, one write removes, to keep pace with new ones. */
const SWEPT = 4;
/** Responses that one write removes to make room: Redis serves no other client meanwhile. */
const DROPPED = 1000;

/*
 * The keys, each after the prefix that comes as KEYS[1]:
 *   record:<id>                            a hash: json, version, state, holder, and the token of the write that made it
 *   created:<state>, updated:<state>       sorted sets of ids, by those times of the record
 *   charged                                a sorted set of ids of what was charged, by when
 *   leased:<state>                         a sorted set of ids, by when the lease ends; a record without a lease is not in it
 *   ends                                   a sorted set of ids of records that expire, by when
 *   answer:<id>                            a hash: status, headers, body, ends
 *   answers, answer-ends                   sorted sets of ids, by when an answer came and when it expires
 *   answer-sizes, answer-bytes             bytes of each answer by id, and in all
 *   link:<key>                             an id
 *   schema                                 the version of all this
 *   late                                   for a while after a change of the version: since when records of the old one may have come
 * Records that expire are swept here, a few with each write: a key that Redis may expire is one that some of its policies
 * of eviction may drop early, and a record keeps its payment from buying twice. Redis removes by itself what guards
 * nothing: responses, links, and records of what was not charged. What says that these were there is swept here.
 */

/**
 * What the scripts have in common. `now` is Redis' own clock, in Unix milliseconds. When its memory is full Redis stops a
 * script whose first write takes more of it. So a change of a record, and a lease, begin with a write that takes none: no
 * new payment comes in then, and those that are open can still be written down.
 */
export const SHARED = `
local base = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function unindex(id, state)
  redis.call('ZREM', base .. 'created:' .. state, id)
  redis.call('ZREM', base .. 'updated:' .. state, id)
  redis.call('ZREM', base .. 'leased:' .. state, id)
end

local function lease(id, state, milliseconds)
  redis.call('ZREM', base .. 'leased:' .. state, id)
  if milliseconds > 0 then redis.call('ZADD', base .. 'leased:' .. state, now + milliseconds, id) end
end

local function is_leased(id, state)
  local ends = redis.call('ZSCORE', base .. 'leased:' .. state, id)
  return ends and tonumber(ends) > now
end

local function drop_answer(id)
  redis.call('DEL', base .. 'answer:' .. id)
  redis.call('ZREM', base .. 'answers', id)
  redis.call('ZREM', base .. 'answer-ends', id)
  local size = redis.call('HGET', base .. 'answer-sizes', id)
  if size then
    redis.call('HDEL', base .. 'answer-sizes', id)
    redis.call('DECRBY', base .. 'answer-bytes', size)
  end
end

local function drop_record(id)
  redis.call('DEL', base .. 'record:' .. id)
  redis.call('ZREM', base .. 'ends', id)
  redis.call('ZREM', base .. 'charged', id)
  for _, state in ipairs({${PAYMENT_STATES.map((state) => `'${state}'`).join(", ")}}) do unindex(id, state) end
  drop_answer(id)
end

local function is_over(id)
  local ends = redis.call('ZSCORE', base .. 'ends', id)
  return ends and tonumber(ends) <= now
end

-- Byte by byte, as sorted sets have what is of one score: Lua itself would go by the language of the machine.
local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    local one, other = string.byte(a, i), string.byte(b, i)
    if one ~= other then return one < other end
  end
  return #a < #b
end

-- How many come before a place in a sorted set; \`through\`: and what is at the place, too.
local function count_before(key, time, id, through)
  local low = redis.call('ZCOUNT', key, '-inf', '(' .. time)
  local high = low + redis.call('ZCOUNT', key, time, time)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local other = redis.call('ZRANGE', key, middle, middle)[1]
    if precedes(other, id) or (through and other == id) then low = middle + 1 else high = middle end
  end
  return low
end

local function ended(key, count)
  return redis.call('ZRANGEBYSCORE', base .. key, '-inf', now, 'LIMIT', 0, count)
end

local function sweep()
  for _, id in ipairs(ended('ends', ${SWEPT})) do drop_record(id) end
  for _, id in ipairs(ended('answer-ends', ${SWEPT})) do drop_answer(id) end
end

-- ARGV: token, id, json, version, state, holder, createdAt, updatedAt, expiresAt or '', lease, 1 if it guards nothing,
-- chargedAt or ''
local function save()
  local token, id, json, version, state, holder = unpack(ARGV, 1, 6)
  local created, updated, expires, milliseconds, spare, charged = unpack(ARGV, 7, 12)
  local key = base .. 'record:' .. id
  redis.call('HSET', key, 'token', token, 'json', json, 'version', version, 'state', state, 'holder', holder)
  redis.call('ZADD', base .. 'created:' .. state, created, id)
  redis.call('ZADD', base .. 'updated:' .. state, updated, id)
  lease(id, state, tonumber(milliseconds))
  if charged == '' then
    redis.call('ZREM', base .. 'charged', id)
  else
    redis.call('ZADD', base .. 'charged', charged, id)
  end
  if expires == '' then
    redis.call('ZREM', base .. 'ends', id)
  else
    redis.call('ZADD', base .. 'ends', expires, id)
  end
  if expires ~= '' and spare == '1' then
    redis.call('PEXPIREAT', key, expires)
  else
    redis.call('PERSIST', key)
  end
end

local function keep_answer(id, status, headers, body, expires, limit)
  local size = #headers + #body
  if size > limit or tonumber(expires) <= now then return end
  local key = base .. 'answer:' .. id
  redis.call('HSET', key, 'status', status, 'headers', headers, 'body', body, 'ends', expires)
  redis.call('PEXPIREAT', key, expires)
  redis.call('ZADD', base .. 'answers', now, id)
  redis.call('ZADD', base .. 'answer-ends', expires, id)
  redis.call('HSET', base .. 'answer-sizes', id, size)
  local left = redis.call('INCRBY', base .. 'answer-bytes', size) - limit
  if left <= 0 then return end
  for _, old in ipairs(ended('answer-ends', ${DROPPED})) do drop_answer(old) end
  for _ = 1, ${DROPPED} do
    if tonumber(redis.call('GET', base .. 'answer-bytes')) <= limit then return end
    local oldest = redis.call('ZRANGE', base .. 'answers', 0, 0)[1]
    if not oldest then
      redis.call('DEL', base .. 'answer-bytes')
      return
    end
    drop_answer(oldest)
  end
end
`;
