import type { SupportedKind, SupportedResponse } from "../protocol/types.js";
import { within } from "../within.js";
import type { Facilitator } from "./types.js";

/** Milliseconds after which what a facilitator supports is asked again, in the background. */
const FRESH = 300_000;
/** Milliseconds between two questions after a failure. */
const BACK_OFF = 1_000;
/** Milliseconds that one request waits for the question of another: edge runtimes end a question with its request. */
const SHARED_WAIT = 1_000;

/** What one facilitator supports: asked lazily, kept, refreshed, and shared between requests. */
export interface SupportedCache {
  /** The last answer, without asking. A stale one starts a refresh. */
  peek(): SupportedResponse | undefined;
  /**
   * The answer, asked for if there is none yet. Rejects with a FacilitatorError.
   * @param wanting the last answer lacks what is needed: ask again, though not at once
   */
  load(wanting: boolean): Promise<SupportedResponse>;
}

/**
 * @param timeout milliseconds for one question
 * @param changed called when an answer differs from the one before
 */
export function cacheSupported(facilitator: Facilitator, timeout: number, changed: () => void): SupportedCache {
  let answer: SupportedResponse | undefined;
  let askedAt = 0;
  let pending: Promise<SupportedResponse> | undefined;
  let failure: unknown;

  const ask = (): Promise<SupportedResponse> => {
    askedAt = Date.now();
    const mine: Promise<SupportedResponse> = facilitator
      .supported({ signal: AbortSignal.timeout(timeout) })
      .then((next) => {
        const differs = JSON.stringify(next) !== JSON.stringify(answer);
        answer = next;
        failure = undefined;
        if (differs) changed();
        return next;
      })
      .catch((error: unknown) => {
        failure = error;
        throw error;
      })
      .finally(() => {
        if (pending === mine) pending = undefined;
      });
    pending = mine;
    return mine;
  };

  const age = () => Date.now() - askedAt;

  const load = (wanting: boolean): Promise<SupportedResponse> => {
    if (answer && !(wanting && age() > BACK_OFF)) return Promise.resolve(answer);
    const open = age() < timeout ? pending : undefined;
    // Of all who have waited long enough, one asks again, and the others wait for that.
    if (open) return within(open, SHARED_WAIT, () => (pending === open ? ask() : load(wanting)));
    return failure && age() < BACK_OFF ? Promise.reject(failure) : ask();
  };

  return {
    peek: () => {
      if (answer && age() > (failure ? BACK_OFF : FRESH)) ask().catch(() => undefined);
      return answer;
    },
    load,
  };
}

/** The entry for a scheme on a network; a kind may name a whole namespace (`eip155:*`). */
export function findKind(supported: SupportedResponse, scheme: string, network: string): SupportedKind | undefined {
  const family = `${network.slice(0, network.indexOf(":"))}:*`;
  return supported.kinds.find(
    (kind) => kind.x402Version === 2 && kind.scheme === scheme && (kind.network === network || kind.network === family),
  );
}
