import { isFree } from "../ledger/record.js";
import type { Reply } from "../seam.js";
import type { KnownRequest, PaidRequest } from "./paid-request.js";
import type { Refused } from "./present.js";
import type { Problem } from "./problem.js";
import { digest } from "./proof.js";
import { nameConflictReply } from "./replies.js";

/** The client's name for its purchase, digested, as an extension of the route reads it; `undefined` if it gives none. */
export function readName<Raw>({ route, payload }: PaidRequest<Raw>): { readonly name: string | undefined } | Refused {
  for (const { id, readName: read } of route.extensions) {
    const echo = payload.extensions?.[id] as { info?: Record<string, unknown> } | undefined;
    const name = read?.(echo?.info);
    if (typeof name === "object") return { refused: fault(name) };
    if (name !== undefined) return { name: digest(`${id} ${name}`) };
  }
  return { name: undefined };
}

/** A name that is bound to another payment, unless that one came to nothing. */
export async function boundElsewhere<Raw>(
  { engine, name }: KnownRequest<Raw>,
  ids: readonly string[],
): Promise<Reply | { readonly instead: string | undefined }> {
  const bound = name === undefined ? undefined : await engine.ledger.linked(name);
  if (bound === undefined || ids.includes(bound)) return { instead: bound };
  const other = await engine.ledger.read(bound);
  return other && (other.busy || !isFree(other.record)) ? nameConflictReply() : { instead: bound };
}

function fault({ code, detail }: { readonly code: string; readonly detail: string }): Problem {
  return { status: 400, code, detail, help: "The PAYMENT-REQUIRED header of this response lists what is accepted." };
}
