import { type Chain, startChain } from "@turnpike/e2e-chain";
import { payer, readReceipt } from "@turnpike/testing";
import { describe, expect, test } from "vitest";
import { runToEnd } from "../support/process.js";
import { serveFacilitator, shopCommand, startShop } from "../support/stage.js";
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
          { timeout: 10_000, interval: 200 },
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
    { why: "with a payTo that nobody can be paid at", env: { PAY_TO: "0x123" }, says: /payTo/ },
    { why: "with a store that it does not have", env: { STORE: "redis://127.0.0.1" }, says: /STORE/ },
  ])("ends with 1 and one line that says so $why", async ({ env, says }) => {
    const refusal = await runToEnd(shopCommand(), {
      env: { FACILITATOR_URL: "http://127.0.0.1:9", PAY_TO: payTo, ...env },
    });
    expect(refusal).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(says) });
    expect(refusal.stderr.match(/\n/g)).toHaveLength(1);
  });
});

describe("stopping", () => {
  const cases = [
    {
      when: "while a handler runs",
      path: "/slow?ms=1500",
      begun: async (_chain: Chain, origin: string) => (await runsOf(origin))["/slow"] === 1,
    },
    {
      when: "while the payment is being settled",
      path: "/weather",
      // Nothing is mined yet, so the settlement waits for that.
      begun: async ({ publicClient }: Chain) => {
        const { pending } = await publicClient.request<PoolStatus>({ method: "txpool_status" });
        return Number(pending) === 1;
      },
    },
  ];

  test.for(cases)("$when finishes the purchase, takes no other, and ends with 0", async ({ path, begun }) => {
    await using chain = await startChain();
    const facilitator = await serveFacilitator(chain);
    await using shop = await startShop({ FACILITATOR_URL: facilitator.url, PAY_TO: chain.accounts.seller.address });
    await chain.setAutomine(false);
    const purchase = payer(chain.accounts.payer.privateKey).buy(shop.origin + path);
    purchase.catch(() => {});
    expect(await waitUntil(() => begun(chain, shop.origin))).toBe(true);

    const ended = shop.stop();
    expect(await waitUntil(() => isClosed(shop.origin))).toBe(true);
    await chain.setAutomine(true);
    const { response, receipt } = await purchase;
    expect(response.status).toBe(200);
    expect(receipt).toMatchObject({ success: true });
    expect(await ended).toBe(0);
    expect(await chain.balanceOf(chain.accounts.seller.address)).toBe(10_000n);
    await facilitator.close();
  });
});

interface PoolStatus {
  Method: "txpool_status";
  Parameters?: undefined;
  ReturnType: { readonly pending: string };
}

const runsOf = async (origin: string) => (await (await fetch(`${origin}/_runs`)).json()) as Record<string, number>;

/** A connection that nobody takes counts as well. */
const isClosed = (origin: string) =>
  fetch(`${origin}/free`, { signal: AbortSignal.timeout(300) }).then(
    () => false,
    () => true,
  );
