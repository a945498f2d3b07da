import { type Payer, readChallenge } from "@turnpike/testing";
import { inject } from "vitest";
import { type Program, type StartOptions, startProgram } from "./process.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The framework whose shop this project tests. */
    framework: string;
  }
}

/** Starts the shop of this project's framework by the script of `pnpm shop`. */
export function startShop(env: Readonly<Record<string, string>>, options: StartOptions = {}): Promise<Program> {
  return startProgram(shopCommand(), { ...options, env });
}

export const shopCommand = () => ["e2e/shop/start.mjs", inject("framework")];

/** A running shop, and what a client does there. */
export interface Shop extends Program {
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Asks, signs, asks again. */
  buy(path: string, init?: RequestInit): Promise<Response>;
  /** Asks with a payment that was signed before. */
  pay(path: string, header: string, init?: RequestInit): Promise<Response>;
  /** A payment for a path, not yet sent. */
  sign(path: string, init?: RequestInit): Promise<string>;
  /** How often the handler of a row ran so far. */
  runs(row: string): Promise<number>;
  /** What `/_ledger` answers. */
  ledger(): Promise<readonly LedgerRow[]>;
}

/** One payment as `/_ledger` shows it: what shop.md names, and more. */
export interface LedgerRow extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly state: string;
  readonly route: string;
  readonly payer: string | null;
  readonly amount: string;
  readonly network: string;
  readonly transaction: string;
}

/** Starts the shop, for this client. */
export async function openCounter(env: Readonly<Record<string, string>>, client: Payer): Promise<Shop> {
  const program = await startShop(env);
  const { origin } = program;
  const get: Shop["get"] = (path, init = {}) => fetch(origin + path, { redirect: "manual", ...init });
  return {
    ...program,
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
    ledger: async () => (await (await get("/_ledger")).json()) as LedgerRow[],
  };
}
