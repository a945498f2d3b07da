import type { Ticket } from "../seam.js";
import { grantedHeaders } from "./answer-headers.js";
import type { RouteTerms } from "./engine.js";

/** The right to run the handler that the seller's own hook has given: nothing is held, kept or written down. */
export function grantTicket<Raw>({ keepBytes, holdIdle }: RouteTerms<Raw>): Ticket {
  return {
    hold: 0,
    keep: keepBytes,
    idle: holdIdle,
    signal: new AbortController().signal,
    conclude: async (outcome) => ({ type: "release", ...grantedHeaders(outcome) }),
    delivered: async () => {},
  };
}
