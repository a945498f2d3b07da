import { after } from "next/server.js";

/** Keeps a function alive that would stop with its response, where Next can: not outside it, as in a seller's unit test. */
export function waitUntil(promise: Promise<unknown>): void {
  try {
    after(promise);
  } catch {
    // Nothing to keep.
  }
}
