import { memoryStore, type PaymentRecord, type Store } from "@turnpike/core";
import type { PaywallConfig } from "@turnpike/core/adapter";
import type { PaymentRequired } from "@turnpike/core/protocol";
import { expect } from "vitest";
import { readChallenge } from "../client/header.js";
import { type BuyOptions, type Payer, type Purchase, payer } from "../client/payer.js";
import { type RawAnswer, rawRequest } from "../client/raw-request.js";
import { type FacilitatorOptions, startFacilitator, type TestFacilitator } from "../facilitator/facilitator.js";
import type { Harness } from "./harness.js";
import { type RoutePlan, type StagePlan, setStage } from "./stage.js";

export const seller = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
export const usdc = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";

/** Handler runs, verifies, settles, charges. */
export interface Counts {
  readonly h: number;
  readonly v: number;
  readonly s: number;
  readonly c: number;
}

export interface ShopPlan extends Partial<Omit<StagePlan, "config">> {
  /** Beside payTo, network and facilitator; a function gets the facilitator's base URL. */
  readonly config?: Partial<PaywallConfig> | ((facilitator: string) => Partial<PaywallConfig>);
  /** Let the engine ask the facilitator's chain. @default false */
  readonly chain?: boolean;
  readonly facilitator?: FacilitatorOptions;
}

/** One running app with its facilitator and a buyer. */
export interface Shop {
  readonly origin: string;
  readonly facilitator: TestFacilitator;
  readonly buyer: Payer;
  runs(id?: string): number;
  readonly store: Store;
  /** What is on record, the oldest first. */
  records(): Promise<readonly PaymentRecord[]>;
  /** Waits until the one payment on record is in this state. */
  becomes(state: PaymentRecord["state"]): Promise<PaymentRecord>;
  /** Asserts every counter: runs of one handler, and the facilitator's. */
  counted(counts: Counts, id?: string): void;
  get(path?: string, init?: RequestInit): Promise<Response>;
  /** Asks with this payment. */
  pay(header: string, path?: string, init?: RequestInit): Promise<Response>;
  /** The challenge of an unpaid request. */
  challenge(path?: string, init?: RequestInit): Promise<PaymentRequired>;
  /** A payment for a path, not yet sent. */
  header(path?: string, options?: BuyOptions, init?: RequestInit): Promise<string>;
  /** Both steps. */
  buy(path?: string, options?: BuyOptions, init?: RequestInit): Promise<Purchase>;
  raw(lines: readonly string[] | Uint8Array): Promise<RawAnswer>;
  close(): Promise<void>;
}

/** The usual route: `GET /paid` for one cent, priced in the table. */
export const paid: RoutePlan = { path: ["paid"], price: "$0.01" };

let buyer: Payer | undefined;

export async function openShop(harness: Harness, plan: ShopPlan = {}): Promise<Shop> {
  const facilitator = await startFacilitator(plan.facilitator);
  const more = typeof plan.config === "function" ? plan.config(facilitator.url) : plan.config;
  const store = more?.store ?? memoryStore();
  const config: PaywallConfig = {
    payTo: seller,
    network: "base-sepolia",
    facilitator: facilitator.url,
    // Open payments are looked after when a case says so, lest an app of another case does it.
    reconcileSeconds: 0,
    // On a busy machine fifty calls at once take longer than a shop would wait; a case about that says how long.
    facilitatorTimeout: 60_000,
    ...(plan.chain ? { chain: facilitator.chain } : {}),
    ...more,
    store,
  };
  const { stage, runs } = setStage({ routes: [paid], ...plan, config });
  const running = await harness.start(stage).catch(async (error: unknown) => {
    await facilitator.close();
    throw error;
  });
  buyer ??= payer();
  const client = buyer;
  const { origin } = running;
  const get = (path = "/paid", init: RequestInit = {}): Promise<Response> =>
    fetch(origin + path, { redirect: "manual", ...init });
  async function challenge(path?: string, init?: RequestInit): Promise<PaymentRequired> {
    const response = await get(path, init);
    await response.arrayBuffer();
    expect(response.status).toBe(402);
    const required = readChallenge(response);
    if (!required) throw new Error("402 without PAYMENT-REQUIRED");
    return required;
  }
  const records = async (): Promise<readonly PaymentRecord[]> =>
    (await store.list({ order: "newest", limit: 1_000 })).map(({ record }) => record).reverse();
  return {
    origin,
    store,
    records,
    async becomes(state) {
      for (;;) {
        const [record] = await records();
        if (record?.state === state) return record;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    facilitator,
    buyer: client,
    runs: (id = "paid") => runs(id),
    counted(counts, id = "paid") {
      const { verifies, settles, charges } = facilitator;
      expect({ h: runs(id), v: verifies, s: settles, c: charges.length }).toEqual(counts);
    },
    get,
    pay(header, path, init = {}) {
      const headers = new Headers(init.headers);
      headers.set("payment-signature", header);
      return get(path, { ...init, headers });
    },
    challenge,
    header: async (path, options, init) => client.header(await challenge(path, init), options),
    buy: (path = "/paid", options = {}, init = {}) => client.buy(origin + path, init, options),
    raw: (lines) => rawRequest(origin, lines),
    async close() {
      await running.close();
      await facilitator.close();
      // A store that a case has broken, or that other apps share, tells nothing of this one.
      for (const { id, receipt } of await records().catch(() => [])) {
        if (receipt?.success) expect(receipt.transaction, `the receipt of ${id}`).not.toBe("");
      }
    },
  };
}
