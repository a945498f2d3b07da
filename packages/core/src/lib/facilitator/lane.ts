import { FacilitatorError } from "../errors.js";
import { saysOwnTrouble } from "../protocol/reasons.js";
import type { FacilitatorRequest, SettlementResponse, VerifyResponse } from "../protocol/types.js";
import { type Breaker, createBreaker, now } from "./breaker.js";
import { type Caller, createOwnBreakers, UPKEEP } from "./caller.js";
import { limited } from "./time-limit.js";
import type { CallOptions, Facilitator } from "./types.js";

/**
 * Most concurrent calls in one lane; more are refused at once, so that a hanging facilitator cannot pile up requests.
 */
const MAX_IN_FLIGHT = 256;
/** Of these, slots reserved for settlements, whose handlers have already run. */
const KEPT_FOR_SETTLE = 64;
/** Milliseconds without settle calls to a stopped facilitator that could not be reached. */
const UNREACHABLE = 1_000;

/** Errors that are not the facilitator's failure: nothing was sent to it. */
const OURS: ReadonlySet<string> = new Set([
  "facilitator_busy",
  "facilitator_credentials",
  "facilitator_unsupported",
  "facilitator_unavailable",
]);

/**
 * The calls to one facilitator for one network. Each network has its own lane, since a facilitator may work on one
 * chain while its node for another hangs.
 */
export interface Lane {
  /** The breaker for all callers; a caller may also have its own. */
  readonly breaker: Breaker;
  hasRoom(): boolean;
  isOpen(caller?: Caller): boolean;
  /** Whether a call may go. While that is open it takes a trial, if there is one. */
  enter(caller?: Caller): boolean;
  /** Milliseconds until a call may go. */
  wait(caller?: Caller): number;
  /** The caller must have entered. `limit` in milliseconds, as below. */
  verify(request: FacilitatorRequest, limit: number, caller?: Caller): Promise<VerifyResponse>;
  /**
   * Bypasses an open breaker: the handler has run, and the call also serves as a trial. Nothing is sent only if the
   * facilitator could not be reached a moment ago.
   */
  settle(request: FacilitatorRequest, limit: number, options?: SettleOptions): Promise<SettlementResponse>;
}

/** How one settle call is made. */
export interface SettleOptions extends Pick<CallOptions, "token" | "late"> {
  /** The client that sent the payment. */
  readonly caller?: Caller;
}

/** Callbacks of a lane. */
export interface LaneEvents {
  /** After every call, with the error that counts as a failure if it was one. */
  readonly told: (failure?: FacilitatorError) => void;
  /** The breaker opens or closes. */
  readonly changed: () => void;
  /** Calls fail in a row, but from too few clients to open the breaker. */
  readonly doubtful: () => void;
}

export function createLane(facilitator: Facilitator, { told, changed, doubtful }: LaneEvents): Lane {
  const breaker = createBreaker(changed);
  const own = createOwnBreakers();
  let inFlight = 0;
  let unreachableAt = Number.NEGATIVE_INFINITY;

  const undecided = (caller: Caller | undefined) => {
    if (caller === UPKEEP) return;
    breaker.undecided(caller?.client);
    own.of(caller)?.undecided();
  };

  const answered = (caller: Caller | undefined) => {
    breaker.succeeded(caller?.client);
    own.succeeded(caller);
    told();
  };

  const failed = (failure: FacilitatorError, started: number, settling: boolean, caller: Caller | undefined) => {
    if (OURS.has(failure.code)) {
      if (!settling) undecided(caller);
      return;
    }
    // An unreadable refusal is still a response: a client that sends junk must not stop others.
    if (isAnswer(failure)) return answered(caller);
    if (failure.code === "facilitator_unreachable") unreachableAt = now();
    if (caller === UPKEEP) return;
    const { retryAfter } = failure;
    const by = isOwnFault(failure) ? undefined : caller;
    // Settlements that fail for their own reasons would keep it open forever; only a trial shows that the failure
    // persists.
    if (by && !(settling && own.of(by)?.isOpen)) own.failed(started, retryAfter, by);
    if (!settling || !breaker.isOpen) breaker.failed(started, retryAfter, by?.client);
    if (breaker.isDoubtful) doubtful();
    told(failure);
  };

  const call = async <T>(
    settling: boolean,
    limit: number,
    caller: Caller | undefined,
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    if (inFlight >= (settling ? MAX_IN_FLIGHT : MAX_IN_FLIGHT - KEPT_FOR_SETTLE)) {
      if (!settling) undecided(caller);
      const message = `${inFlight} calls to the facilitator are in progress`;
      throw new FacilitatorError("facilitator_busy", message, { sent: false, retryAfter: 1 });
    }
    inFlight++;
    const started = now();
    try {
      const answer = await limited(limit, ask);
      answered(caller);
      return answer;
    } catch (error) {
      failed(error as FacilitatorError, started, settling, caller);
      throw error;
    } finally {
      inFlight--;
    }
  };

  const lane: Lane = {
    breaker,
    hasRoom: () => inFlight < MAX_IN_FLIGHT,
    isOpen: (caller) => breaker.isOpen || own.of(caller)?.isOpen === true,
    enter: (caller) => {
      if (caller === UPKEEP) return !breaker.isOpen;
      const mine = own.of(caller);
      if (mine && !mine.enter()) return false;
      if (breaker.enter(caller?.client)) return true;
      mine?.undecided();
      return false;
    },
    wait: (caller) => Math.max(breaker.wait(caller?.client), own.of(caller)?.wait() ?? 0),
    verify: (request, limit, caller) =>
      call(false, limit, caller, async (signal) => verdict(await facilitator.verify(request, { signal }))),
    settle: async (request, limit, { caller, ...options } = {}) => {
      if (breaker.isOpen && now() - unreachableAt < UNREACHABLE) throw unavailable([lane], caller);
      return call(true, limit, caller, (signal) => facilitator.settle(request, { ...options, signal }));
    },
  };
  return lane;
}

/** A facilitator whose own node is down may say so in the reason that refuses a payment. */
function verdict(answer: VerifyResponse): VerifyResponse {
  if (answer.isValid !== false || !saysOwnTrouble(answer.invalidReason)) return answer;
  throw new FacilitatorError("facilitator_status", "The facilitator could not verify", { sent: true, status: 500 });
}

/** The error if nothing is sent to any of them. */
export function unavailable(lanes: readonly Pick<Lane, "wait">[], caller?: Caller): FacilitatorError {
  const wait = Math.min(...lanes.map((lane) => lane.wait(caller)));
  return new FacilitatorError("facilitator_unavailable", "The facilitator failed and is paused", {
    sent: false,
    retryAfter: Math.max(1, Math.ceil(wait / 1_000)),
  });
}

function isAnswer({ code, status = 0 }: FacilitatorError): boolean {
  return code === "facilitator_status" && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** Whether certainly no payment caused it: nothing was sent, or the facilitator refuses all our calls. */
function isOwnFault({ sent, status }: FacilitatorError): boolean {
  return !sent || status === 429;
}
