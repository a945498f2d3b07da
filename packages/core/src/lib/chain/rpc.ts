import { members } from "./authorization.js";
import { explainFailure, explainStatus, RpcFailure, RpcRefusal, TOO_LATE, TOO_MUCH } from "./rpc-errors.js";

/** Milliseconds before the second and last try of a read. */
const RETRY_AFTER = 150;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Never sent twice by this file: the caller decides that. */
const BROADCAST = "eth_sendRawTransaction";
/** A refusal of these calls for a smaller range, not for another try. */
const LOGS = "eth_getLogs";

/** A chain's JSON-RPC endpoint. */
export interface Rpc {
  /**
   * @throws RpcRefusal if the node responded with an error
   * @throws RpcFailure if there was no response
   */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
}

/** @param limit milliseconds for one request, its response's body included; or what ends them all */
export function createRpc(url: string, limit: number | AbortSignal): Rpc {
  let asked = 0;
  const once = async (method: string, params: readonly unknown[]) => {
    const signal = typeof limit === "number" ? AbortSignal.timeout(limit) : limit;
    asked++;
    try {
      return readAnswer(await post(url, { jsonrpc: "2.0", id: asked, method, params }, signal));
    } catch (error) {
      if (error instanceof RpcRefusal) throw error;
      // Who gives up may name any reason, so the error would not tell.
      if (signal.aborted) throw new RpcFailure("facilitator_timeout", TOO_LATE);
      throw error instanceof RpcFailure ? error : explainFailure(error);
    }
  };
  return {
    request: async (method, params) => {
      try {
        return await once(method, params);
      } catch (error) {
        const passing = (error instanceof RpcFailure || error instanceof RpcRefusal) && error.passing;
        if (method === BROADCAST || !passing || (method === LOGS && error instanceof RpcRefusal)) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER));
        return once(method, params);
      }
    },
  };
}

/** Follows no redirect: the endpoint's address may hold a key, and the request a payment. */
async function post(url: string, body: object, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    redirect: "manual",
    body: JSON.stringify(body),
    signal,
  });
  if (!response.ok) {
    await response.body?.cancel().catch(() => undefined);
    throw explainStatus(response.status);
  }
  return JSON.parse(await readText(response));
}

async function readText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.byteLength;
    if (size > MAX_ANSWER_BYTES) {
      await reader.cancel().catch(() => undefined);
      throw new RpcFailure("facilitator_too_large", TOO_MUCH);
    }
    text += decoder.decode(value, { stream: true });
  }
}

function readAnswer(answer: unknown): unknown {
  const { result, error } = members(answer);
  if (typeof error === "object" && error !== null) {
    const { code, message, data } = members(error);
    // Some nodes put the revert's bytes one level down.
    const bytes = members(data).data ?? data;
    throw new RpcRefusal(typeof code === "number" ? code : 0, typeof message === "string" ? message : "", bytes);
  }
  if (result === undefined) {
    throw new RpcFailure("facilitator_unreadable", "The chain's node did not respond with JSON-RPC.");
  }
  return result;
}
