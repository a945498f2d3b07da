import type { FacilitatorError, FacilitatorErrorCode } from "../errors.js";
import { now } from "./breaker.js";
import { createLane, type Lane } from "./lane.js";
import { cacheSupported, type SupportedCache } from "./supported.js";
import type { Facilitator } from "./types.js";

/**
 * `unknown`: not called yet. `ready`: working. `failing`: the last call for some network failed, or `/supported` is not
 * available. `open`: nothing is sent to it for now, for any network it was used for.
 */
export type FacilitatorState = "unknown" | "ready" | "failing" | "open";

/** The health of a facilitator. Contains none of its own text. */
export interface FacilitatorHealth {
  readonly id: string;
  /** Payments can be sent to it: what it supports is known, and it is not `open`. */
  readonly ready: boolean;
  readonly state: FacilitatorState;
  /** Unix milliseconds at which the state began; absent if it was never called. */
  readonly since?: number;
  /** Code of its last failure; absent while `ready` or `unknown`. */
  readonly error?: FacilitatorErrorCode;
  /** The combinations of scheme and network that it lists for version 2. */
  readonly kinds: number;
  /** CAIP-2 ids of the networks for which nothing is sent to it for now. */
  readonly open: readonly string[];
}

/** One facilitator of a pool, with its state. */
export interface Member {
  readonly facilitator: Facilitator;
  readonly supported: SupportedCache;
  lane(network: string): Lane;
  isOpen(network: string): boolean;
  health(): FacilitatorHealth;
  /** Calls `/supported`, if unknown or if nothing may be sent to it; settles when there is news. */
  look(): Promise<void> | undefined;
}

/** Callbacks from members to their pool. */
export interface MemberEvents {
  /** The data for offers may have changed. */
  readonly supportedChanged: () => void;
  readonly breakerChanged: (network: string) => void;
  readonly healthChanged: (health: FacilitatorHealth) => void;
}

export function createMember(facilitator: Facilitator, timeout: number, events: MemberEvents): Member {
  const lanes = new Map<string, Lane>();
  let state: FacilitatorState = "unknown";
  let since: number | undefined;
  let error: FacilitatorErrorCode | undefined;

  /** After the pause of a breaker, a facilitator that responds at all gets a trial. */
  const isStopped = ({ breaker }: Lane) => breaker.isOpen && !(supported.heardAt >= breaker.until);

  const judge = (): FacilitatorState => {
    const all = [...lanes.values()];
    if (all.length > 0 && all.every(isStopped)) return "open";
    const failing = all.some(({ breaker }) => breaker.isOpen || breaker.failures > 0);
    if (failing || (supported.failure && !supported.answer)) return "failing";
    return supported.answer ? "ready" : "unknown";
  };

  const health = (): FacilitatorHealth => {
    const kinds = supported.answer?.kinds.filter(({ x402Version }) => x402Version === 2).length ?? 0;
    return {
      id: facilitator.id,
      ready: kinds > 0 && state !== "open",
      state,
      ...(since === undefined ? {} : { since }),
      ...(error === undefined || state === "ready" ? {} : { error }),
      kinds,
      open: [...lanes].filter(([, { breaker }]) => breaker.isOpen).map(([network]) => network),
    };
  };

  const told = (failure?: FacilitatorError) => {
    if (failure) error = failure.code;
    else if (state === "ready") return;
    const next = judge();
    if (next === state) return;
    state = next;
    since = Date.now();
    events.healthChanged(health());
  };

  const answered = (failure?: FacilitatorError) => {
    if (failure) for (const { breaker } of lanes.values()) breaker.confirm();
    told(failure);
  };
  const supported = cacheSupported(facilitator, timeout, answered, events.supportedChanged);

  return {
    facilitator,
    supported,
    lane: (network) => {
      let lane = lanes.get(network);
      if (!lane) {
        lane = createLane(facilitator, {
          told,
          changed: () => events.breakerChanged(network),
          // A call unrelated to payments shows whether these clients or the facilitator are at fault.
          doubtful: () => void supported.ask(true),
        });
        lanes.set(network, lane);
      }
      return lane;
    },
    isOpen: (network) => lanes.get(network)?.breaker.isOpen === true,
    health,
    look: () => {
      // If readiness controls traffic, no payment arrives that would find out.
      const over = [...lanes.values()].some((lane) => isStopped(lane) && now() >= lane.breaker.until);
      return over || !supported.answer?.kinds.length ? supported.ask(true) : undefined;
    },
  };
}
