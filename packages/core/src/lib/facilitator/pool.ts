import { FacilitatorError } from "../errors.js";
import type { FacilitatorRequest, SettlementResponse, SupportedKind, VerifyResponse } from "../protocol/types.js";
import type { Awaitable } from "../seam.js";
import { cacheSupported, findKind, type SupportedCache } from "./supported.js";
import type { Facilitator } from "./types.js";

/** Milliseconds that one call may take. */
export interface FacilitatorTimeouts {
  readonly verify: number;
  /** At most; an offer's own time limit may be shorter. */
  readonly settle: number;
  readonly supported: number;
}

/** A facilitator that serves an offer, with what it says about that kind. */
export interface Selected {
  readonly facilitator: Facilitator;
  readonly kind: SupportedKind;
  /** Ids of the extensions that it implements. */
  readonly extensions: readonly string[];
}

/** The facilitators of one engine, in the seller's order. */
export interface FacilitatorPool {
  /** Grows whenever what is supported changes: what was derived from `peek` is then out of date. */
  readonly version: number;
  /** Who serves a scheme on a network as far as is known now: `undefined` if unknown, `null` if nobody does. */
  peek(scheme: string, network: string): Selected | undefined | null;
  /** The same, asking facilitators where needed. Rejects with a FacilitatorError if nobody can be had. */
  select(scheme: string, network: string): Awaitable<Selected>;
  /** The facilitator that a payment was pinned to. */
  named(id: string): Facilitator | undefined;
  verify(facilitator: Facilitator, request: FacilitatorRequest): Promise<VerifyResponse>;
  settle(facilitator: Facilitator, request: FacilitatorRequest): Promise<SettlementResponse>;
}

export function createPool(facilitators: readonly Facilitator[], timeouts: FacilitatorTimeouts): FacilitatorPool {
  let version = 0;
  const members: { facilitator: Facilitator; cache: SupportedCache }[] = facilitators.map((facilitator) => {
    const cache = cacheSupported(facilitator, timeouts.supported, () => version++);
    return { facilitator, cache };
  });

  const peek: FacilitatorPool["peek"] = (scheme, network) => {
    let known = true;
    for (const { facilitator, cache } of members) {
      const supported = cache.peek();
      if (!supported) {
        known = false;
        continue;
      }
      const kind = findKind(supported, scheme, network);
      // An earlier one that has not answered yet may still turn out to be preferred, so only a full picture decides.
      if (kind && known) return { facilitator, kind, extensions: supported.extensions };
    }
    return known ? null : undefined;
  };

  const ask = async (scheme: string, network: string, wanting: boolean): Promise<Selected> => {
    let failure: unknown;
    for (const { facilitator, cache } of members) {
      try {
        const supported = await cache.load(wanting);
        const kind = findKind(supported, scheme, network);
        if (kind) return { facilitator, kind, extensions: supported.extensions };
      } catch (error) {
        failure ??= error;
      }
    }
    throw failure ?? unsupported(scheme, network);
  };

  return {
    get version() {
      return version;
    },
    peek,
    select: (scheme, network) => {
      const known = peek(scheme, network);
      return known ?? ask(scheme, network, known === null);
    },
    named: (id) => facilitators.find((facilitator) => facilitator.id === id),
    verify: (facilitator, request) => limited(timeouts.verify, (signal) => facilitator.verify(request, { signal })),
    settle: (facilitator, request) => {
      const limit = Math.min(timeouts.settle, request.paymentRequirements.maxTimeoutSeconds * 1000);
      return limited(limit, (signal) => facilitator.settle(request, { signal }));
    },
  };
}

/** Milliseconds that a facilitator has to tell, after its time is up, how far it came. */
const GRACE = 500;

/**
 * Holds any facilitator to its time, also one that does not heed the signal, and to its errors. With timers of its own:
 * those of `AbortSignal.timeout` live on until they fire, and thousands of them are what a busy shop spends its time on.
 */
function limited<T>(limit: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    const late = () =>
      reject(new FacilitatorError("facilitator_timeout", "The facilitator took too long", { sent: true }));
    let timer = setTimeout(() => {
      controller.abort();
      timer = setTimeout(late, GRACE);
    }, limit);
    const answered = (value: T) => {
      clearTimeout(timer);
      resolve(value);
    };
    const failed = (cause: unknown) => {
      clearTimeout(timer);
      const known = cause instanceof FacilitatorError;
      reject(
        known ? cause : new FacilitatorError("facilitator_unreadable", "The facilitator failed", { sent: true, cause }),
      );
    };
    // A facilitator in this process may throw before there is a promise.
    try {
      call(controller.signal).then(answered, failed);
    } catch (cause) {
      failed(cause);
    }
  });
}

function unsupported(scheme: string, network: string): FacilitatorError {
  const message = `No facilitator of the configuration serves ${scheme} on ${network}`;
  return new FacilitatorError("facilitator_unsupported", message, { sent: false });
}
