import { FacilitatorError } from "../errors.js";
import { sameJson } from "../protocol/json.js";
import { parseSupportedResponse } from "../protocol/schemas.js";
import type { SupportedKind, SupportedResponse } from "../protocol/types.js";
import { now } from "./breaker.js";
import { limited } from "./time-limit.js";
import type { Facilitator } from "./types.js";

/** Milliseconds after which `/supported` is refreshed, in the background. */
const FRESH = 300_000;
/** Milliseconds between two calls after a failure, or if a response lacked what was needed. */
const BACK_OFF = 1_000;
/** Most milliseconds without calls to a facilitator, however long it asks for. */
const MAX_BACK_OFF = 3_000;
/**
 * Milliseconds after which a call without a response is repeated in parallel: edge runtimes end a call with its
 * request, and a restarted facilitator does not respond to earlier calls.
 */
const OVERDUE = 1_000;

/** What one facilitator supports: fetched lazily, cached, refreshed, and shared between requests. */
export interface SupportedCache {
  readonly answer: SupportedResponse | undefined;
  /** Why the last call has no response. */
  readonly failure: FacilitatorError | undefined;
  /** When it last succeeded, by the clock of breakers. */
  readonly heardAt: number;
  /** No request has waited for it in vain yet. */
  readonly isNew: boolean;
  /** A request has waited long enough for it: others are preferred until it responds. */
  passOver(): void;
  /** Refreshes in the background when due; never makes the first call. */
  refresh(): void;
  /**
   * Settles when there is news; never rejects. `undefined` if there is nothing to fetch now.
   * @param wanting the last response lacks what is needed: fetch again, but not at once
   */
  ask(wanting: boolean): Promise<void> | undefined;
}

/**
 * @param timeout milliseconds for one call
 * @param told called when a call has ended
 * @param changed called when the data for offers may have changed
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
      // A configured facilitator supports something: an empty response is a temporary failure.
      const fresh = answer?.kinds.length ? FRESH : BACK_OFF;
      if (failure || now() - askedAt > fresh) ask(true);
    },
    ask,
  };
}

/** A facilitator in this process may return anything. */
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
