import { type Facilitator, SETTLE_TOKEN } from "@turnpike/core";
import { answerCall } from "./facilitator-calls.js";

/**
 * Serves any facilitator over HTTP, for fetch-style servers: `POST /verify`, `POST /settle`, `GET /supported` below any
 * path. Any caller can spend the facilitator's gas on their own payments, so keep it private or limit it with `tokens`.
 */
export function serveFacilitator(facilitator: Facilitator): (request: Request) => Promise<Response> {
  return async (request) => {
    const { status, headers, body } = await answerCall(facilitator, {
      method: request.method,
      path: new URL(request.url).pathname,
      contentType: request.headers.get("content-type") ?? undefined,
      token: request.headers.get(SETTLE_TOKEN) ?? undefined,
      signal: request.signal,
      body: (limit) => readBounded(request, limit),
    });
    return new Response(request.method === "HEAD" ? null : body, { status, headers });
  };
}

async function readBounded(request: Request, limit: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) return undefined;
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return join(chunks, length);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
