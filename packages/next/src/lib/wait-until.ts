import { after } from "next/server.js";

/** Keeps a function that would stop with its answer, where Next can: not outside it, as in a seller's unit test. */
export function waitUntil(promise: Promise<unknown>): void {
  try {
    after(promise);
  } catch {
    // Nothing to keep.
  }
}
