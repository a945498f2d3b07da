import { getHttpRpcClient } from "viem/utils";
import { explainFailure, RpcFailure, RpcRefusal } from "./rpc-errors.js";

/** Milliseconds before the second and last try of a read. */
const RETRY_AFTER = 150;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Never sent twice by this file: whoever broadcasts decides that. */
const BROADCAST = "eth_sendRawTransaction";

/** A chain's JSON-RPC endpoint. */
export interface Rpc {
  /**
   * @throws RpcRefusal if the node answered with an error
   * @throws RpcFailure if it gave no answer
   */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
}

/** @param timeout milliseconds for one request, its answer's body included */
export function createRpc(url: string, timeout: number): Rpc {
  // The client's own time limit ends with the answer's head; the signal below covers the body too.
  const client = getHttpRpcClient(url, {
    timeout: 0,
    maxResponseBodySize: MAX_ANSWER_BYTES,
    fetchOptions: { redirect: "manual" },
  });
  const once = async (method: string, params: readonly unknown[]) => {
    const fetchOptions = { signal: AbortSignal.timeout(timeout) };
    const body = { method, params: [...params] };
    let answer: unknown;
    try {
      answer = await client.request({ body, fetchOptions });
    } catch (error) {
      throw explainFailure(error);
    }
    return readAnswer(answer);
  };
  return {
    request: async (method, params) => {
      try {
        return await once(method, params);
      } catch (error) {
        const passing = (error instanceof RpcFailure || error instanceof RpcRefusal) && error.passing;
        if (method === BROADCAST || !passing) throw error;
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
