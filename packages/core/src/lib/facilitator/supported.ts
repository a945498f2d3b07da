import { FacilitatorError } from "../errors.js";
import { sameJson } from "../protocol/json.js";
import { parseSupportedResponse } from "../protocol/schemas.js";
import type { SupportedKind, SupportedResponse } from "../protocol/types.js";
import { now } from "./breaker.js";
import { limited } from "./time-limit.js";
import type { Facilitator } from "./types.js";

/** Milliseconds after which what a facilitator supports is asked again, in the background. */
const FRESH = 300_000;
/** Milliseconds between two questions after a failure, or where an answer lacked what was needed. */
const BACK_OFF = 1_000;
/** Milliseconds that a facilitator is left alone at most, however long it asks for. */
const MAX_BACK_OFF = 3_000;
/**
 * Milliseconds after which a question without an answer is asked again beside the first: edge runtimes end a question
 * with its request, and a facilitator that comes back does not answer what it was asked before.
 */
const OVERDUE = 1_000;

/** What one facilitator supports: asked lazily, kept, refreshed, and shared between requests. */
export interface SupportedCache {
  readonly answer: SupportedResponse | undefined;
  /** Why the last question has no answer. */
  readonly failure: FacilitatorError | undefined;
  /** When it was last asked with success, by the clock of breakers. */
  readonly heardAt: number;
  /** Nobody has waited for it in vain yet. */
  readonly isNew: boolean;
  /** It has made somebody wait long enough: others are taken before it until it answers. */
  passOver(): void;
  /** Asks in the background where it is time to; asks nobody for the first time. */
  refresh(): void;
  /**
   * Settles when there is news; never rejects. `undefined` where there is nothing to ask now.
   * @param wanting the last answer lacks what is needed: ask again, though not at once
   */
  ask(wanting: boolean): Promise<void> | undefined;
}

/**
 * @param timeout milliseconds for one question
 * @param told called when a question has ended
 * @param changed called when what offers are made of may be different
 */
export function cacheSupported(
  facilitator: Facilitator,
  timeout: number,
  told: (failure?: FacilitatorError) => void,
  changed: () => void,
): SupportedCache {
  let answer: SupportedResponse | undefined;
  let failure: FacilitatorError | undefined;
  let isNew = true;
  let askedAt = Number.NEGATIVE_INFINITY;
  let heardAt = Number.NEGATIVE_INFINITY;
  let endedAt = 0;
  let retryAt = 0;
  let pending: Promise<void> | undefined;

  const passOver = () => {
    if (!isNew) return;
    isNew = false;
    if (!answer) changed();
  };

  const question = async (): Promise<void> => {
    const started = now();
    askedAt = started;
    try {
      const next = read(await limited(timeout, (signal) => facilitator.supported({ signal })));
      if (started < heardAt) return;
      const differs = !sameJson(next, answer);
      answer = next;
      failure = undefined;
      heardAt = started;
      endedAt = now();
      isNew = false;
      if (differs) changed();
      told();
    } catch (error) {
      if (started < heardAt) return;
      failure = error as FacilitatorError;
      retryAt = now() + Math.min(Math.max(BACK_OFF, (failure.retryAfter ?? 0) * 1_000), MAX_BACK_OFF);
      passOver();
      told(failure);
    }
  };

  const begin = (): Promise<void> => {
    const mine = question().finally(() => {
      if (pending === mine) pending = undefined;
    });
    pending = mine;
    return mine;
  };

  const ask = (wanting: boolean): Promise<void> | undefined => {
    const at = now();
    if (pending) return at - askedAt < OVERDUE ? pending : begin();
    if (failure) return at < retryAt ? undefined : begin();
    return answer && !(wanting && at - endedAt > BACK_OFF) ? undefined : begin();
  };

  return {
    get answer() {
      return answer;
    },
    get failure() {
      return failure;
    },
    get heardAt() {
      return heardAt;
    },
    get isNew() {
      return isNew;
    },
    passOver,
    refresh: () => {
      if (askedAt === Number.NEGATIVE_INFINITY) return;
      // Nobody configures a facilitator for nothing: an empty answer is a bad moment.
      const fresh = answer?.kinds.length ? FRESH : BACK_OFF;
      if (failure || now() - askedAt > fresh) ask(true);
    },
    ask,
  };
}

/** One in this process may say anything. */
function read(answer: unknown): SupportedResponse {
  const parsed = parseSupportedResponse(answer);
  if ("value" in parsed) return parsed.value;
  const message = `The facilitator's list of what it supports is not valid x402: ${parsed.problem}`;
  throw new FacilitatorError("facilitator_unreadable", message, { sent: true });
}

/** The entry for a scheme on a network; a kind may name a whole namespace (`eip155:*`). */
export function findKind(supported: SupportedResponse, scheme: string, network: string): SupportedKind | undefined {
  return supported.kinds.find((kind) => kind.x402Version === 2 && kind.scheme === scheme && covers(kind, network));
}

/** Whether a kind is of a network, or of its whole namespace. */
export function covers(kind: SupportedKind, network: string): boolean {
  return kind.network === network || (kind.network.endsWith(":*") && network.startsWith(kind.network.slice(0, -1)));
}
