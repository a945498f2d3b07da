import { FacilitatorError } from "../errors.js";

/** Milliseconds that a facilitator has to tell, after its time is up, how far it came. */
export const GRACE = 500;

/**
 * Holds any facilitator to its time, also one that does not heed the signal, and to its errors. With timers of its own:
 * those of `AbortSignal.timeout` live on until they fire, and thousands of them are what a busy shop spends its time on.
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

/** Waits so many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
