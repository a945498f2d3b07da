import { isListed, type ListPosition, PAYMENT_STATES, type Reading, type StoreQuery } from "@turnpike/core";
import { readFlag, readList, readReading, readText } from "./replies.js";
import { type Script, script } from "./scripts.js";

/** More records than are ever listed. */
const MOST = 1_000_000;
/** Records that one script looks at: Redis serves no other client meanwhile, for a few milliseconds. */
const LOOKED_AT = 500;

/**
 * ARGV: order, how many to give, how many to look at, 1 for lapsed ones only, from or '', to or '', the time and id behind
 * which it begins or '', two texts that a record must have or '', the states.
 * Gives whether there is more, the place that it came to, and each record with whether it is leased.
 * The sets of the states are walked side by side, so that one place tells how far all of them were read. What the texts
 * find is looked at once more by who asks: they only say that the others are not worth sending.
 */
const LIST = script(`
local order, most, looks = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local lapsed, from, to, time, place = ARGV[4] == '1', ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local newest = order == 'newest'
local page = 100
if time == '' then sweep() end

local wanted, walks = {}, {}
local leases = {}
for i = 11, #ARGV do
  wanted[ARGV[i]] = true
  leases[ARGV[i]] = redis.call('ZCARD', base .. 'leased:' .. ARGV[i]) > 0
end
-- Mostly nothing has ended, and then no record need be asked about.
local some_over = #ended('ends', 1) > 0

local function begin(key, state)
  local first = from == '' and 0 or redis.call('ZCOUNT', key, '-inf', '(' .. from)
  local last = (to == '' and redis.call('ZCARD', key) or redis.call('ZCOUNT', key, '-inf', '(' .. to)) - 1
  if time ~= '' and newest then last = math.min(last, count_before(key, time, place, false) - 1) end
  if time ~= '' and not newest then first = math.max(first, count_before(key, time, place, true)) end
  local left = math.huge
  if lapsed and state then
    left = redis.call('ZCARD', key) - redis.call('ZCOUNT', base .. 'leased:' .. state, '(' .. now, '+inf')
  end
  return {key = key, state = state, first = first, last = last, left = left, read = {}, at = 0}
end

-- Sets the next id of a walk; false at its end.
local function step(walk)
  walk.at = walk.at + 1
  if walk.at > #walk.read then
    if walk.first > walk.last or walk.left <= 0 then return false end
    walk.read, walk.at = {}, 1
    local low, high = walk.first, math.min(walk.first + page - 1, walk.last)
    if newest then low, high = math.max(walk.last - page + 1, walk.first), walk.last end
    local found = redis.call('ZRANGE', walk.key, low, high, 'WITHSCORES')
    local from, to, by = 1, #found - 1, 2
    if newest then from, to, by = to, from, -by end
    for i = from, to, by do
      walk.read[#walk.read + 1] = {id = found[i], score = found[i + 1], time = tonumber(found[i + 1])}
    end
    if newest then walk.last = low - 1 else walk.first = high + 1 end
    if #walk.read == 0 then return false end
  end
  walk.head = walk.read[walk.at]
  return true
end

local function comes_first(a, b)
  if newest then a, b = b, a end
  if a.time ~= b.time then return a.time < b.time end
  return precedes(a.id, b.id)
end

local function look(walk)
  local id = walk.head.id
  local json, state = unpack(redis.call('HMGET', base .. 'record:' .. id, 'json', 'state'))
  if not json or not wanted[state] or (some_over and is_over(id)) then return end
  if ARGV[9] ~= '' and not string.find(json, ARGV[9], 1, true) then return end
  if ARGV[10] ~= '' and not string.find(json, ARGV[10], 1, true) then return end
  local leased = leases[state] and is_leased(id, state)
  if lapsed and leased then return end
  walk.left = walk.left - 1
  return json, leased and 1 or 0
end

local function add(walk)
  if step(walk) then walks[#walks + 1] = walk end
end
if order == 'charged' then
  add(begin(base .. 'charged'))
else
  for state in pairs(wanted) do add(begin(base .. (newest and 'created:' or 'updated:') .. state, state)) end
end

local reply = {0, '', ''}
local given = 0
while #walks > 0 and looks > 0 and given < most do
  local next = 1
  for i = 2, #walks do
    if comes_first(walks[i].head, walks[next].head) then next = i end
  end
  local walk = walks[next]
  local json, leased = look(walk)
  if json then
    given = given + 1
    reply[#reply + 1] = {json, leased}
  end
  reply[2], reply[3] = walk.head.score, walk.head.id
  looks = looks - 1
  if not step(walk) then table.remove(walks, next) end
end
if #walks > 0 then reply[1] = 1 end
return reply
`);

/** @param run a script within its own time */
export function createList(
  run: <T>(script: Script, args: readonly string[], read: (reply: unknown) => T) => Promise<T>,
): (query: StoreQuery) => Promise<readonly Reading[]> {
  return async (query) => {
    const most = Math.max(0, Math.min(Math.floor(query.limit), MOST));
    const found: Reading[] = [];
    let place = query.after;
    while (found.length < most) {
      const page = await run(LIST, argumentsOf(query, most - found.length, place), readPage);
      for (const reading of page.readings) if (isListed(reading, query)) found.push(reading);
      if (!page.next) break;
      place = page.next;
    }
    return found;
  };
}

function argumentsOf(query: StoreQuery, most: number, place: ListPosition | undefined): string[] {
  const { states = PAYMENT_STATES, lapsed = false, order, route, payer, from, to } = query;
  const span = [from, to].map((time) => (time === undefined ? "" : String(time)));
  const texts = [memberText("route", route), memberText("payer", payer)];
  const start = place ? [String(place.time), place.id] : ["", ""];
  return [order, String(most), String(LOOKED_AT), lapsed ? "1" : "0", ...span, ...start, ...texts, ...new Set(states)];
}

/** As a record's JSON has it. */
function memberText(name: string, value: string | undefined): string {
  return value === undefined ? "" : JSON.stringify({ [name]: value }).slice(1, -1);
}

function readPage(reply: unknown): { readonly readings: readonly Reading[]; readonly next?: ListPosition } {
  const [more, time, id, ...readings] = readList(reply);
  const page = { readings: readings.map(readReading) };
  return readFlag(more) ? { ...page, next: { time: Number(readText(time)), id: readText(id) } } : page;
}
