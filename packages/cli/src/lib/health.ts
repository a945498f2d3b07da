import type { Health } from "@turnpike/core";
import { FAILED, FINE } from "./exit-codes.js";
import { isCoinbase, NONE, type UsedFacilitator } from "./facilitators.js";
import type { Io } from "./io.js";
import { withPaywall } from "./open.js";
import type { GivenOptions } from "./settings.js";
import { facts, json } from "./text.js";
import { isoTime, minuteOf } from "./times.js";

/** The health of what was checked. */
interface Found extends Health {
  /** Facilitators that the shop used recently and that this command does not check. */
  readonly notAsked: readonly { readonly id: string; readonly lastUsedAt: string }[];
}

/** Shows the health of the store and the named facilitators, and what is open. */
export function health(io: Io, options: GivenOptions): Promise<number> {
  return withPaywall(options, io, "named", async (paywall, { used }) => {
    const found = judge(await paywall.health(), used);
    io.out(options.json ? json(found) : healthText(found));
    return found.ready ? FINE : FAILED;
  });
}

/** Ready if the store is, and one of the facilitators if any was named. */
function judge({ store, open, facilitators: all }: Health, used: readonly UsedFacilitator[]): Found {
  const facilitators = all.filter(({ id }) => id !== NONE.id);
  const serves = facilitators.length === 0 || facilitators.some(({ ready }) => ready);
  const notAsked = used
    .filter(({ id }) => !facilitators.some((asked) => asked.id === id))
    .map(({ id, lastUsedAt }) => ({ id, lastUsedAt: isoTime(lastUsedAt) }));
  return { ready: store.ready && serves, store, open, facilitators, notAsked };
}

function healthText({ ready, store, open, facilitators, notAsked }: Found): string {
  const waiting = ({ count, oldestSeconds }: Health["open"]["owed"]) => {
    if (!store.ready) return "?";
    return count === 0 ? "0" : `${count}, the oldest for ${duration(oldestSeconds)}`;
  };
  const asked = facilitators.map(({ id, state, error }) => {
    return ["facilitator", `${id}: ${error === undefined ? state : `${state}, ${error}`}`] as const;
  });
  const left = notAsked.flatMap(({ id, lastUsedAt }) => [
    ["facilitator", `${id}: not checked`] as const,
    ["", `last in a record at ${minuteOf(Date.parse(lastUsedAt))}`] as const,
    ["", isCoinbase(id) ? "set CDP_API_KEY_ID and CDP_API_KEY_SECRET to check it" : undefined] as const,
  ]);
  const none = [["facilitator", "not checked: name them with --facilitator or FACILITATOR_URL"]] as const;
  return facts([
    ["READY", ready ? "yes" : "no"],
    ["store", `${store.name}: ${store.ready ? "ready" : "does not respond"}`],
    ["unknown", waiting(open.unknown)],
    ["owed", waiting(open.owed)],
    ...(asked.length + left.length === 0 ? none : asked),
    ...left,
  ]);
}

/** Seconds in the largest unit that leaves no more than a few of them. */
function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}
