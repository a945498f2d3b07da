import { type Chain, startChain, tokenAbi } from "@turnpike/e2e-chain";
import { startOfficialFacilitator } from "@turnpike/e2e-chain/official-facilitator";
import { localFacilitator } from "@turnpike/evm";
import { listenFacilitator } from "@turnpike/evm/node";
import { type Payer, payer } from "@turnpike/testing";
import { type Hex, parseEventLogs } from "viem";
import { expect } from "vitest";
import { openCounter, type Shop } from "./shop.js";

export type FacilitatorName = "ours" | "official";

/** A facilitator over HTTP on the chain. */
export async function serveFacilitator(chain: Chain, name: FacilitatorName = "ours", port = 0) {
  if (name === "official") return startOfficialFacilitator(chain, { port });
  const { privateKey } = chain.accounts.facilitator;
  return listenFacilitator(localFacilitator({ rpcUrl: chain.rpcUrl, privateKey }), { port });
}

/** A chain and a facilitator, a seller who opens shops there, and a payer. */
export interface Market extends AsyncDisposable {
  readonly chain: Chain;
  /** The facilitator's URL. */
  readonly facilitator: string;
  /** A client of our own, for requests that the official ones cannot make. */
  readonly payer: Payer;
  /** Opens the shop of this project's framework; variables are in place of the market's own, and beside them. */
  open(env?: Readonly<Record<string, string>>): Promise<Shop>;
  /** Fails unless exactly so many atomic units go from the payer to the seller meanwhile. */
  moves<T>(amount: bigint, act: () => Promise<T>): Promise<T>;
  /** Fails unless the receipt is of a transfer of exactly so many atomic units that stands on the chain. */
  provesTransfer(receipt: unknown, amount: bigint): Promise<void>;
}

export async function openMarket(name?: FacilitatorName): Promise<Market> {
  const chain = await startChain();
  const facilitator = await serveFacilitator(chain, name);
  const { seller, payer: buyer } = chain.accounts;
  const client = payer(buyer.privateKey);
  const balances = async () => [await chain.balanceOf(buyer.address), await chain.balanceOf(seller.address)] as const;

  return {
    chain,
    facilitator: facilitator.url,
    payer: client,
    open: (env) => openCounter({ FACILITATOR_URL: facilitator.url, PAY_TO: seller.address, ...env }, client),
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
      await facilitator.close();
      await chain.stop();
    },
  };
}
