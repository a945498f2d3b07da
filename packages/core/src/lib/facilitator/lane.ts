import { FacilitatorError } from "../errors.js";
import type { FacilitatorRequest, SettlementResponse, VerifyResponse } from "../protocol/types.js";
import { type Breaker, createBreaker, now } from "./breaker.js";
import { limited } from "./time-limit.js";
import type { CallOptions, Facilitator } from "./types.js";

/** Calls under way in one lane; more are refused at once, so that a facilitator that hangs cannot pile up requests. */
const MAX_IN_FLIGHT = 256;
/** Of these, what verifications leave free: the handler of a payment that is to be settled has run already. */
const KEPT_FOR_SETTLE = 64;
/** Milliseconds for which nobody tries to settle at a stopped facilitator that could not be reached. */
const UNREACHABLE = 1_000;

/** Errors that are no failure of the facilitator's: nothing was asked of it. */
const OURS: ReadonlySet<string> = new Set([
  "facilitator_busy",
  "facilitator_credentials",
  "facilitator_unsupported",
  "facilitator_unavailable",
]);

/**
 * The calls to one facilitator for one network. Each network has a lane of its own, since a facilitator may be fine on
 * one chain while its node of another hangs.
 */
export interface Lane {
  readonly breaker: Breaker;
  hasRoom(): boolean;
  /** Whoever calls has entered by the breaker. `limit` in milliseconds, as below. */
  verify(request: FacilitatorRequest, limit: number): Promise<VerifyResponse>;
  /**
   * Goes past an open breaker: the handler has run, and it is a trial as good as any. Only where the facilitator could not
   * be reached a moment ago nothing is sent.
   */
  settle(
    request: FacilitatorRequest,
    limit: number,
    options?: Pick<CallOptions, "token" | "late">,
  ): Promise<SettlementResponse>;
}

/**
 * @param told called after every call, with the error that counts as a failure if it was one
 * @param changed called when the breaker opens or closes
 */
export function createLane(
  facilitator: Facilitator,
  told: (failure?: FacilitatorError) => void,
  changed: () => void,
): Lane {
  const breaker = createBreaker(changed);
  let inFlight = 0;
  let unreachableAt = Number.NEGATIVE_INFINITY;

  const failed = (failure: FacilitatorError, started: number, settling: boolean) => {
    if (OURS.has(failure.code)) {
      if (!settling) breaker.undecided();
      return;
    }
    // A refusal in a form that nobody can read is an answer all the same: whoever sends junk must not stop others.
    if (isAnswer(failure)) {
      breaker.succeeded();
      return told();
    }
    if (failure.code === "facilitator_unreachable") unreachableAt = now();
    // Settlements that fail on their own account would keep it open for ever; only a trial says that the trouble goes on.
    if (!settling || !breaker.isOpen) breaker.failed(started, failure.retryAfter);
    told(failure);
  };

  const call = async <T>(settling: boolean, limit: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    if (inFlight >= (settling ? MAX_IN_FLIGHT : MAX_IN_FLIGHT - KEPT_FOR_SETTLE)) {
      if (!settling) breaker.undecided();
      const message = `${inFlight} calls to the facilitator are under way`;
      throw new FacilitatorError("facilitator_busy", message, { sent: false, retryAfter: 1 });
    }
    inFlight++;
    const started = now();
    try {
      const answer = await limited(limit, ask);
      breaker.succeeded();
      told();
      return answer;
    } catch (error) {
      failed(error as FacilitatorError, started, settling);
      throw error;
    } finally {
      inFlight--;
    }
  };

  return {
    breaker,
    hasRoom: () => inFlight < MAX_IN_FLIGHT,
    verify: (request, limit) => call(false, limit, (signal) => facilitator.verify(request, { signal })),
    settle: async (request, limit, options) => {
      if (breaker.isOpen && now() - unreachableAt < UNREACHABLE) throw unavailable([breaker]);
      return call(true, limit, (signal) => facilitator.settle(request, { ...options, signal }));
    },
  };
}

/** What to say where every breaker is open. */
export function unavailable(breakers: readonly Breaker[]): FacilitatorError {
  const wait = Math.min(...breakers.map((breaker) => breaker.wait()));
  return new FacilitatorError("facilitator_unavailable", "The facilitator has failed and is given a pause", {
    sent: false,
    retryAfter: Math.max(1, Math.ceil(wait / 1_000)),
  });
}

function isAnswer({ code, status = 0 }: FacilitatorError): boolean {
  return code === "facilitator_status" && status >= 400 && status < 500 && status !== 408 && status !== 429;
}
