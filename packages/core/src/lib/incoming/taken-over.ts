import { TurnpikeError } from "../errors.js";
import type { Reply } from "../seam.js";

/** The error for a handler that writes around its response while nothing may leave. */
export function takenOver(): TurnpikeError {
  const message =
    "The handler wrote around its response while the payment had not settled yet; let the route settle before it";
  return new TurnpikeError("connection_taken_over", message);
}

/** What is sent in place of a response that its handler has written around. */
export const takenOverReply: Reply = {
  status: 500,
  headers: [
    ["Content-Type", "application/problem+json"],
    ["Cache-Control", "no-store"],
  ],
  body: JSON.stringify({
    title: "Internal server error",
    status: 500,
    code: "connection_taken_over",
    detail: "Another part of the server responded before the payment had settled.",
    help: "Send the same request with the same payment again: it is charged once at most.",
  }),
};
