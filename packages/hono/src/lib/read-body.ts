import { peekIncoming } from "@turnpike/core/fetch";
import type { Context } from "hono";

/**
 * The first bytes of a request's body, where Hono or its server for Node has them; `null` if only the Fetch Request does.
 * Hono keeps for the handler what was read through it. A form has lost its own bytes by then and gets others, the same
 * for the same form.
 */
export async function readBody({ req, env }: Context, limit: number): Promise<Uint8Array | undefined | null> {
  const kept = Object.keys(req.bodyCache);
  if (kept.length > 0) {
    const body = kept.includes("formData") ? writeForm(await req.formData()) : await req.blob();
    return new Uint8Array(await body.slice(0, limit).arrayBuffer());
  }
  const { incoming } = (env ?? {}) as { incoming?: { readonly readableFlowing?: boolean | null } };
  return incoming?.readableFlowing === null && !req.raw.bodyUsed ? peekIncoming(incoming, limit) : null;
}

function writeForm(form: FormData): Blob {
  const parts: BlobPart[] = [];
  for (const [name, value] of form.entries()) {
    if (typeof value === "string") parts.push(JSON.stringify([name, value]));
    else parts.push(JSON.stringify([name, value.name, value.type, value.size]), value);
  }
  return new Blob(parts);
}
