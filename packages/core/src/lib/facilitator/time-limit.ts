import { FacilitatorError } from "../errors.js";

/** Milliseconds that a facilitator has after its timeout to report how far it got. */
export const GRACE = 500;

/**
 * Enforces timeouts and errors for any facilitator, also one that ignores the signal. Uses its own timers: those of
 * `AbortSignal.timeout` live until they fire, and thousands of them slow down a busy shop.
 */
export function limited<T>(limit: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
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

/** Waits this many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
