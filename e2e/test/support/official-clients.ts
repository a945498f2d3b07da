import { x402Client as AxiosClient, wrapAxiosWithPayment } from "@x402/axios";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import axios from "axios";
import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

/** An answer as either client gives it. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  header(name: string): string | undefined;
}

/** Buys with an official client, exactly as its own documentation shows. */
export type OfficialClient = (privateKey: Hex) => (url: string, body?: unknown) => Promise<Answer>;

const fetchClient: OfficialClient = (privateKey) => {
  const client = new x402Client().register("eip155:*", new ExactEvmScheme(privateKeyToAccount(privateKey)));
  const fetchWithPayment = wrapFetchWithPayment(fetch, client);
  return async (url, body) => {
    const json = { "content-type": "application/json" };
    const init = body === undefined ? {} : { method: "POST", headers: json, body: JSON.stringify(body) };
    const response = await fetchWithPayment(url, init);
    return {
      status: response.status,
      body: await response.json(),
      header: (name) => response.headers.get(name) ?? undefined,
    };
  };
};

const axiosClient: OfficialClient = (privateKey) => {
  const client = new AxiosClient().register("eip155:*", new ExactEvmScheme(privateKeyToAccount(privateKey)));
  const api = wrapAxiosWithPayment(axios.create(), client);
  return async (url, body) => {
    const { status, data, headers } = body === undefined ? await api.get(url) : await api.post(url, body);
    return { status, body: data, header: (name) => headers[name.toLowerCase()] as string | undefined };
  };
};

export const officialClients = { "@x402/fetch": fetchClient, "@x402/axios": axiosClient };
