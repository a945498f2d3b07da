import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createPaywall, type PaymentRecord, type Paywall, type PaywallConfig } from "@turnpike/core";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import { startOfficialFacilitator } from "@turnpike/e2e-chain/official-facilitator";
import { paywall } from "@turnpike/express";
import { redisStore } from "@turnpike/redis";
import { encodeHeader, payer, readChallenge } from "@turnpike/testing";
import express from "express";
import { createClient } from "redis";
import { expect } from "vitest";
import { type HeldNode, startHeldNode } from "./held-node.js";
import { type HeldRedis, startHeldRedis } from "./held-redis.js";

const command = fileURLToPath(new URL("../../../packages/cli/dist/main.js", import.meta.url));
export const PRICE = 10_000n;

/** A payment that is owed: charged on the chain, and the handler failed. */
export interface Debt {
  readonly id: string;
  /** The transaction by which the buyer paid. */
  readonly charge: string;
  /** Sends the same payment again. @returns the status and the code of the body */
  collect(): Promise<{ readonly status: number; readonly code: string | undefined }>;
  record(): Promise<PaymentRecord>;
}

/** The command as a process of its own. */
export interface Run {
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
  /** SIGKILL; resolves once it is gone. */
  kill(): Promise<void>;
}

export interface RefundStage extends AsyncDisposable {
  readonly chain: Chain;
  readonly node: HeldNode;
  readonly redis: HeldRedis;
  /** What the records' keys in Redis begin with. */
  readonly prefix: string;
  /** The operator, in this process. */
  readonly operator: Paywall;
  /** A purchase whose delivery failed; its handler works afterwards. */
  owe(): Promise<Debt>;
  /** Runs `turnpike`, over the held node and the held Redis. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Run;
  /** USDC of the buyer. */
  held(): Promise<bigint>;
}

/** A shop over Redis whose buyers pay on a chain, through the official facilitator. */
export async function openRefundStage(): Promise<RefundStage> {
  const chain = await startChain();
  const facilitator = await startOfficialFacilitator(chain);
  const [node, redis] = await Promise.all([startHeldNode(chain.rpcUrl), startHeldRedis()]);
  const prefix = `refunds-${randomBytes(6).toString("hex")}`;
  const client = createClient({ url: "redis://127.0.0.1:6379", socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  const store = redisStore(client, { prefix, allowEviction: true });
  const { seller, payer: buyer } = chain.accounts;
  const config: PaywallConfig = {
    ...{ payTo: seller.address, network: "base-sepolia", facilitator: facilitator.url, store },
    ...{ reconcileSeconds: 0, logger: false as const },
  };
  const tolls = createPaywall(config);
  const operator = createPaywall({ ...config });
  let broken = false;
  const app = express();
  app.use(paywall(tolls, { "GET /goods": { price: "$0.01", settle: "before" } }));
  app.get("/goods", (_request, response) => {
    if (broken) response.status(500).end();
    else response.json({ goods: true });
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/goods`;
  const children = new Set<ChildProcess>();

  const owe = async (): Promise<Debt> => {
    const challenge = readChallenge(await fetch(url));
    if (!challenge) throw new Error("no payment is asked");
    const payment = await payer(buyer.privateKey).sign(challenge);
    const headers = { "PAYMENT-SIGNATURE": encodeHeader(payment) };
    broken = true;
    const failed = await fetch(url, { headers });
    broken = false;
    expect(failed.status).toBe(500);
    const { nonce } = payment.payload.authorization as { readonly nonce: string };
    const record = async () => {
      const { payments } = await operator.payments({ limit: 1_000 });
      const found = payments.find(({ id }) => id.includes(nonce.toLowerCase()));
      if (!found) throw new Error("the payment is not on record");
      return found;
    };
    await expect.poll(async () => (await record()).state).toBe("owed");
    const { id, receipt } = await record();
    return {
      id,
      charge: receipt?.transaction ?? "",
      record,
      collect: async () => {
        const response = await fetch(url, { headers });
        const body = (await response.json().catch(() => undefined)) as { readonly code?: string } | undefined;
        return { status: response.status, code: body?.code };
      },
    };
  };

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Run => {
    const own = { TURNPIKE_REFUND_KEY: seller.privateKey, EVM_RPC_URL: node.url, NETWORK: chain.network };
    const child = spawn(process.execPath, [command, ...args, "--store", redis.url, "--prefix", prefix], {
      env: { ...process.env, ...own, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => {
      out += text;
    });
    child.stderr.on("data", (text) => {
      err += text;
    });
    const ended = once(child, "close").then(([code]) => {
      children.delete(child);
      return { code: code as number | null, out, err };
    });
    return {
      ended,
      kill: async () => {
        child.kill("SIGKILL");
        await ended;
      },
    };
  };

  return {
    ...{ chain, node, redis, prefix, operator, owe, run },
    held: () => chain.balanceOf(buyer.address),
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill("SIGKILL");
      server.closeAllConnections();
      server.close();
      await tolls.close({ seconds: 1 });
      await operator.close({ seconds: 1 });
      const keys = await client.keys(`{${prefix}}:*`);
      if (keys.length > 0) await client.del(keys);
      await client.close();
      await Promise.all([node, redis].map((one) => one[Symbol.asyncDispose]()));
      await facilitator.close();
      await chain.stop();
    },
  };
}
