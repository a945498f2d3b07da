import type { FacilitatorError } from "../errors.js";
import type { FacilitatorRequest, VerifyResponse } from "../protocol/types.js";
import { now } from "./breaker.js";
import type { Caller } from "./caller.js";
import type { Lane } from "./lane.js";
import { pause } from "./time-limit.js";

/**
 * Milliseconds before the second try, at least and at most, so that requests that failed together do not retry
 * together.
 */
const LEAST_PAUSE = 50;
const MOST_PAUSE = 200;

/**
 * Verifies at one facilitator; once more if it could not be reached or reported a temporary failure. Not after a
 * timeout, nor if it asks to wait: then the next facilitator is called.
 * @param limit milliseconds for all of it
 */
export async function verifyAt(
  lane: Lane,
  request: FacilitatorRequest,
  limit: number,
  caller?: Caller,
): Promise<VerifyResponse> {
  const deadline = now() + limit;
  try {
    return await lane.verify(request, limit, caller);
  } catch (error) {
    const wait = LEAST_PAUSE + Math.random() * (MOST_PAUSE - LEAST_PAUSE);
    if (!isPassing(error as FacilitatorError) || now() + wait >= deadline) throw error;
    await pause(wait);
    // Other calls may have found it broken in the meantime.
    if (lane.isOpen(caller)) throw error;
    return await lane.verify(request, deadline - now(), caller);
  }
}

function isPassing({ code, status = 0, retryAfter }: FacilitatorError): boolean {
  if (code === "facilitator_unreachable") return true;
  return code === "facilitator_status" && status >= 502 && status <= 504 && retryAfter === undefined;
}
