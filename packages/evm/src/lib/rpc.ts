import { getHttpRpcClient } from "viem/utils";
import { explainFailure, RpcFailure, RpcRefusal, TOO_LATE } from "./rpc-errors.js";

/** Milliseconds before the second and last try of a read. */
const RETRY_AFTER = 150;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Never sent twice by this file: whoever broadcasts decides that. */
const BROADCAST = "eth_sendRawTransaction";
/** A refusal of these calls for a smaller range, not for another try. */
const LOGS = "eth_getLogs";

/** A chain's JSON-RPC endpoint. */
export interface Rpc {
  /**
   * @throws RpcRefusal if the node answered with an error
   * @throws RpcFailure if it gave no answer
   */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
}

/** @param limit milliseconds for one request, its answer's body included; or what ends them all */
export function createRpc(url: string, limit: number | AbortSignal): Rpc {
  // The client's own time limit ends with the answer's head; the signal below covers the body too.
  const client = getHttpRpcClient(url, {
    timeout: 0,
    maxResponseBodySize: MAX_ANSWER_BYTES,
    fetchOptions: { redirect: "manual" },
  });
  const once = async (method: string, params: readonly unknown[]) => {
    const signal = typeof limit === "number" ? AbortSignal.timeout(limit) : limit;
    const body = { method, params: [...params] };
    let answer: unknown;
    try {
      answer = await client.request({ body, fetchOptions: { signal } });
    } catch (error) {
      // Who gives up may name any reason, so the error would not tell.
      throw signal.aborted ? new RpcFailure("facilitator_timeout", TOO_LATE) : explainFailure(error);
    }
    return readAnswer(answer);
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

function readAnswer(answer: unknown): unknown {
  const { result, error } = members(answer);
  if (typeof error === "object" && error !== null) {
    const { code, message, data } = members(error);
    // Some nodes put the revert's bytes one level down.
    const bytes = members(data).data ?? data;
    throw new RpcRefusal(typeof code === "number" ? code : 0, typeof message === "string" ? message : "", bytes);
  }
  if (result === undefined) {
    throw new RpcFailure("facilitator_unreadable", "The chain's node answered something else than JSON-RPC.");
  }
  return result;
}

function members(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
