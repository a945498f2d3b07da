import { type Chain, startChain, tokenAbi } from "@turnpike/e2e-chain";
import { startOfficialFacilitator } from "@turnpike/e2e-chain/official-facilitator";
import { localFacilitator } from "@turnpike/evm";
import { listenFacilitator } from "@turnpike/evm/node";
import { type Payer, payer, readChallenge } from "@turnpike/testing";
import { type Hex, parseEventLogs } from "viem";
import { afterAll, beforeAll, expect, inject } from "vitest";
import { type Program, type StartOptions, startProgram } from "./process.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The framework whose shop this project tests. */
    framework: string;
  }
}

export type FacilitatorName = "ours" | "official";

/** A facilitator over HTTP on the chain. */
export async function serveFacilitator(chain: Chain, name: FacilitatorName = "ours", port = 0) {
  if (name === "official") return startOfficialFacilitator(chain, { port });
  const { privateKey } = chain.accounts.facilitator;
  return listenFacilitator(localFacilitator({ rpcUrl: chain.rpcUrl, privateKey }), { port });
}

/** Starts the shop of this project's framework by the script of `pnpm shop`. */
export function startShop(env: Readonly<Record<string, string>>, options: StartOptions = {}): Promise<Program> {
  return startProgram(shopCommand(), { ...options, env });
}

export const shopCommand = () => ["e2e/shop/start.mjs", inject("framework")];

/** A chain, a facilitator, and the shop of this project's framework. */
export interface Stage extends AsyncDisposable {
  readonly chain: Chain;
  readonly shop: Program;
  readonly origin: string;
  /** A client of our own, for requests that the official ones cannot make. */
  readonly payer: Payer;
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Asks, signs, asks again. */
  buy(path: string, init?: RequestInit): Promise<Response>;
  /** Asks with a payment that was signed before. */
  pay(path: string, header: string, init?: RequestInit): Promise<Response>;
  /** A payment for a path, not yet sent. */
  sign(path: string, init?: RequestInit): Promise<string>;
  /** How often the handler of a row ran so far. */
  runs(row: string): Promise<number>;
  /** Fails unless exactly so many atomic units go from the payer to the seller meanwhile. */
  moves<T>(amount: bigint, act: () => Promise<T>): Promise<T>;
  /** Fails unless the answer has a receipt for a transfer of exactly so many atomic units that stands on the chain. */
  provesTransfer(receipt: unknown, amount: bigint): Promise<void>;
}

/** A stage for the tests of one file. */
export function useStage(facilitator?: FacilitatorName): () => Stage {
  let stage: Stage | undefined;
  beforeAll(async () => {
    stage = await openStage(facilitator);
  });
  afterAll(async () => stage?.[Symbol.asyncDispose]());
  return () => {
    if (!stage) throw new Error("the stage is not open");
    return stage;
  };
}

async function openStage(name?: FacilitatorName): Promise<Stage> {
  const chain = await startChain();
  const facilitator = await serveFacilitator(chain, name);
  const { seller, payer: buyer } = chain.accounts;
  const shop = await startShop({ FACILITATOR_URL: facilitator.url, PAY_TO: seller.address });
  const client = payer(buyer.privateKey);
  const { origin } = shop;
  const get = (path: string, init: RequestInit = {}) => fetch(origin + path, { redirect: "manual", ...init });
  const balances = async () => [await chain.balanceOf(buyer.address), await chain.balanceOf(seller.address)] as const;

  return {
    chain,
    shop,
    origin,
    payer: client,
    get,
    buy: async (path, init) => (await client.buy(origin + path, init)).response,
    pay(path, header, init = {}) {
      const headers = new Headers(init.headers);
      headers.set("payment-signature", header);
      return get(path, { ...init, headers });
    },
    async sign(path, init) {
      const unpaid = await get(path, init);
      await unpaid.arrayBuffer();
      const challenge = readChallenge(unpaid);
      if (!challenge) throw new Error(`${path} answered ${unpaid.status} and asks no payment`);
      return client.header(challenge);
    },
    async runs(row) {
      const runs = (await (await get("/_runs")).json()) as Record<string, number>;
      return runs[row] ?? 0;
    },
    async moves(amount, act) {
      const [paid, earned] = await balances();
      const result = await act();
      expect(await balances(), "balances of payer and seller").toEqual([paid - amount, earned + amount]);
      return result;
    },
    async provesTransfer(receipt, amount) {
      const { transaction } = receipt as { transaction: Hex };
      expect(receipt).toMatchObject({ success: true, network: chain.network, payer: buyer.address });
      const { status, logs } = await chain.publicClient.getTransactionReceipt({ hash: transaction });
      expect(status).toBe("success");
      const transfers = parseEventLogs({ abi: tokenAbi, eventName: "Transfer", logs });
      expect(transfers.map(({ address, args }) => ({ address: address.toLowerCase(), ...args }))).toEqual([
        { address: chain.token.address.toLowerCase(), from: buyer.address, to: seller.address, value: amount },
      ]);
    },
    async [Symbol.asyncDispose]() {
      await shop.stop();
      await facilitator.close();
      await chain.stop();
    },
  };
}
