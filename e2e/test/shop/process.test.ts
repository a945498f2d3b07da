import { startChain } from "@turnpike/e2e-chain";
import { faults, payer, readReceipt } from "@turnpike/testing";
import { describe, expect, test } from "vitest";
import { limitsOfShop } from "../support/limits.js";
import { serveFacilitator } from "../support/market.js";
import { runToEnd } from "../support/process.js";
import { hold, passOn, startRelay } from "../support/relay.js";
import { shopCommand, startShop } from "../support/shop.js";
import { useMarket } from "../support/stage.js";
import { openFileStore } from "../support/stores.js";
import { waitUntil } from "../support/wait.js";

const payTo = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

describe("starting", () => {
  test("prints where it serves and nothing else, and ends with 0 at SIGTERM", async () => {
    await using shop = await startShop({ FACILITATOR_URL: "http://127.0.0.1:9", PAY_TO: payTo });
    expect(await (await fetch(`${shop.origin}/free`)).json()).toEqual({ free: true });
    expect(await (await fetch(`${shop.origin}/_runs`)).json()).toEqual({});
    expect(await shop.stop()).toBe(0);
    expect(shop.output()).toBe(`ready ${shop.origin}\n`);
    await expect(fetch(`${shop.origin}/free`)).rejects.toThrow();
  });

  test("serves without its facilitator, sells nothing meanwhile, and sells once it is there", async () => {
    await using chain = await startChain();
    const absent = await serveFacilitator(chain);
    await absent.close();
    const env = { FACILITATOR_URL: absent.url, PAY_TO: chain.accounts.seller.address };
    await using shop = await startShop(env);
    const url = `${shop.origin}/weather`;
    expect((await fetch(`${shop.origin}/free`)).status).toBe(200);
    const { header, response } = await payer(chain.accounts.payer.privateKey).buy(url);
    expect(response.status).toBe(503);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(response.headers.get("payment-required")).toBeNull();
    expect(await (await fetch(`${shop.origin}/_runs`)).json()).toEqual({});

    const facilitator = await serveFacilitator(chain, "ours", Number(new URL(absent.url).port));
    try {
      let paid = response;
      await expect
        .poll(
          async () => {
            paid = await fetch(url, { headers: { "payment-signature": header } });
            return paid.status;
          },
          { interval: 200 },
        )
        .toBe(200);
      expect(readReceipt(paid)).toMatchObject({ success: true });
      expect(await chain.balanceOf(chain.accounts.seller.address)).toBe(10_000n);
    } finally {
      await facilitator.close();
    }
  });

  test("sells to many at once, from its first request on", async () => {
    await using chain = await startChain();
    const facilitator = await serveFacilitator(chain);
    await using shop = await startShop({ FACILITATOR_URL: facilitator.url, PAY_TO: chain.accounts.seller.address });
    const client = payer(chain.accounts.payer.privateKey);
    const purchases = await Promise.all(Array.from({ length: 20 }, () => client.buy(`${shop.origin}/weather`)));
    expect(purchases.map(({ response }) => response.status)).toEqual(Array(20).fill(200));
    expect(new Set(purchases.map(({ receipt }) => receipt?.transaction)).size).toBe(20);
    expect(await chain.balanceOf(chain.accounts.seller.address)).toBe(200_000n);
    expect(await runsOf(shop.origin)).toEqual({ "/weather": 20 });
    await facilitator.close();
  });

  test("uses the network, token and origin that it is given", async () => {
    await using shop = await startShop({
      FACILITATOR_URL: "http://127.0.0.1:9",
      PAY_TO: payTo,
      NETWORK: "eip155:31337",
      ASSET: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
      ASSET_NAME: "Test Dollar",
      ASSET_VERSION: "1",
      ASSET_DECIMALS: "18",
      ORIGIN: "https://shop.example",
    });
    const response = await fetch(`${shop.origin}/items/1?a=b`);
    const required = JSON.parse(Buffer.from(response.headers.get("payment-required") ?? "", "base64").toString());
    expect(required).toMatchObject({
      resource: { url: "https://shop.example/items/1" },
      accepts: [
        {
          network: "eip155:31337",
          asset: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
          amount: "10000000000000000",
          extra: { name: "Test Dollar", version: "1" },
        },
      ],
    });
  });

  test.for([
    { why: "with a node on chain that is none", env: { EVM_RPC_URL: "ftp://127.0.0.1" }, says: /rpcUrl/ },
    { why: "with a payTo that nobody can be paid at", env: { PAY_TO: "0x123" }, says: /payTo/ },
    { why: "with a store that it does not have", env: { STORE: "mongodb://127.0.0.1" }, says: /STORE/ },
  ])("ends with 1 and one line that says so $why", async ({ env, says }) => {
    const refusal = await runToEnd(shopCommand(), {
      env: { FACILITATOR_URL: "http://127.0.0.1:9", PAY_TO: payTo, ...env },
    });
    expect(refusal).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(says) });
    expect(refusal.stderr.match(/\n/g)).toHaveLength(1);
  });
});

// Side by side, since the last of them takes nearly all of its ten seconds.
describe.concurrent("stopping", () => {
  const market = useMarket();

  test("while a handler runs, finishes the purchase, takes no other, and ends with 0", async () => {
    const { open, provesTransfer } = market();
    await using shop = await open();
    const purchase = shop.buy("/slow?ms=1500");
    purchase.catch(() => {});
    expect(await waitUntil(async () => (await shop.runs("/slow")) === 1)).toBe(true);

    const ended = shop.stop();
    expect(await waitUntil(() => isClosed(shop.origin))).toBe(true);
    const bought = await purchase;
    expect(bought.status).toBe(200);
    await provesTransfer(readReceipt(bought), 10_000n);
    expect(await ended).toBe(0);
  });

  test("while a payment is being settled, finishes the purchase, takes no other, and ends with 0", async () => {
    const { facilitator, open, provesTransfer } = market();
    await using relay = await startRelay(facilitator);
    await using shop = await open({ FACILITATOR_URL: relay.url });
    const settlement = hold(passOn(facilitator));
    relay.respond("settle", settlement.behaviour);
    const purchase = shop.buy("/weather");
    purchase.catch(() => {});
    expect(await waitUntil(async () => relay.settles === 1)).toBe(true);

    const ended = shop.stop();
    expect(await waitUntil(() => isClosed(shop.origin))).toBe(true);
    settlement.release();
    const bought = await purchase;
    expect(bought.status).toBe(200);
    await provesTransfer(readReceipt(bought), 10_000n);
    expect(await ended).toBe(0);
  });

  test("while the payment of a client that has left is being settled, finishes it, and ends with 0", async () => {
    const { chain, facilitator, open, provesTransfer } = market();
    await using relay = await startRelay(facilitator);
    await using store = await openFileStore();
    const rest = { EVM_RPC_URL: chain.rpcUrl, STORE: store.variable, ORIGIN: "https://shop.example" };
    const env = { FACILITATOR_URL: relay.url, ...rest };
    await using shop = await open(env);
    const settlement = hold(passOn(facilitator));
    relay.respond("settle", settlement.behaviour);
    const header = await shop.sign("/weather");
    const client = new AbortController();
    const purchase = shop.pay("/weather", header, { signal: client.signal }).catch(() => "left");
    expect(await waitUntil(async () => relay.settles === 1)).toBe(true);
    client.abort();
    expect(await purchase).toBe("left");

    const ended = shop.stop();
    expect(await waitUntil(() => isClosed(shop.origin))).toBe(true);
    settlement.release();
    expect(await ended).toBe(0);

    await using again = await open(env);
    // Written before the end: nothing had to be found out at this start.
    expect((await again.ledger())[0]?.state).toBe(limitsOfShop().hearsLeaving ? "owed" : "delivered");
    const collected = await again.pay("/weather", header);
    expect(collected.status).toBe(200);
    expect(await collected.json()).toEqual({ weather: "sunny" });
    await provesTransfer(readReceipt(collected), 10_000n);
    expect(relay.settles).toBe(1);
  });

  test("while a facilitator does not respond, ends with 0 all the same", async () => {
    const { facilitator, open } = market();
    await using relay = await startRelay(facilitator);
    relay.always("settle", faults.hang());
    await using shop = await open({ FACILITATOR_URL: relay.url });
    const purchase = shop.buy("/weather").catch(() => "cut");
    expect(await waitUntil(async () => relay.settles === 1)).toBe(true);
    expect(await shop.stop()).toBe(0);
    expect(await purchase).toBe("cut");
  });
});

const runsOf = async (origin: string) => (await (await fetch(`${origin}/_runs`)).json()) as Record<string, number>;

/** A connection that nobody takes counts as well. */
const isClosed = (origin: string) =>
  fetch(`${origin}/free`, { signal: AbortSignal.timeout(300) }).then(
    () => false,
    () => true,
  );
