import type { PaywallRequest, Reply } from "../seam.js";
import { unavailable } from "./problem.js";

/** The memory for requests with payments that are being looked at, shared by client address. */
export interface Room {
  /** Gives what leaves again, once; `undefined` if there is no room. @param client `undefined` if nothing is known of it */
  enter(client: string | undefined, bytes: number): (() => void) | undefined;
}

/** Bytes that one address takes at most: fifteen of the largest bodies, or a thousand requests without any. */
const OF_CLIENT = 16 * 1_048_576;
/** Bytes that all clients take together. Small requests are still let in beyond it: slow large ones do not shut them out. */
const OF_ALL = 256 * 1_048_576;
const SMALL = 65_536;
/** Bytes that a request takes beside its body. */
const HEAD = 16_384;
/** Bytes of a body that are read before a payment is looked at, at most. */
const BODY = 1_048_576;

/** @param limited whether anything is limited */
export function createRoom(limited: boolean): Room {
  const clients = new Map<string, number>();
  let all = 0;
  return {
    enter: (client, bytes) => {
      if (!limited) return () => {};
      const own = (client !== undefined && clients.get(client)) || 0;
      if (client !== undefined && own + bytes > OF_CLIENT) return undefined;
      if (bytes > SMALL && all + bytes > OF_ALL) return undefined;
      all += bytes;
      if (client !== undefined) clients.set(client, own + bytes);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        all -= bytes;
        if (client === undefined) return;
        const rest = (clients.get(client) ?? 0) - bytes;
        if (rest > 0) clients.set(client, rest);
        else clients.delete(client);
      };
    },
  };
}

/** The bytes that a request may take until its payment has been looked at, by what it says of its body. */
export function bytesOf(request: Pick<PaywallRequest, "method" | "header">): number {
  const length = request.header("content-length");
  const chunked = request.header("transfer-encoding") !== undefined;
  if (length === undefined || chunked) {
    return HEAD + (chunked || (request.method !== "GET" && request.method !== "HEAD") ? BODY : 0);
  }
  const declared = Number(length);
  return HEAD + (declared >= 0 ? Math.min(declared, BODY) : BODY);
}

/** Too many payments are being looked at: of this address, or of all. */
export function fullReply(): Reply {
  const problem = {
    code: "too_many_open_payments",
    detail: "Too many payments are being processed at the moment.",
    help: "Send the same request with the same payment again: it is charged once at most.",
  };
  return unavailable(problem, 1);
}
