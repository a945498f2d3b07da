import { declaredLength, hasBody, peekBody } from "../incoming/request-body.js";

/**
 * The first bytes of a body that a server on Node has not read yet, without making a Fetch Request's stream of it, which
 * costs more than all the rest. It makes no visible difference.
 * @param message Node's request
 * @returns at most `limit` bytes; `undefined` if there are none, `null` if the body must be asked of the Fetch Request
 */
export async function peekIncoming(message: object, limit: number): Promise<Uint8Array | undefined | null> {
  const incoming = message as Parameters<typeof peekBody>[0];
  if (!hasBody(incoming)) return undefined;
  const seen = await peekBody(incoming, limit);
  return seen === undefined && declaredLength(incoming) > 0 ? null : seen;
}
