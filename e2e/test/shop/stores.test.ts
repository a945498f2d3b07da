import { readReceipt } from "@turnpike/testing";
import { expect, test } from "vitest";
import { useMarket } from "../support/stage.js";
import { describeStores } from "../support/stores.js";

const market = useMarket();
// The same for every run of a shop, whatever its port.
const ORIGIN = "https://shop.example";

/** All of an answer that its handler and the engine have a say in. Cookies are not given again to a payment alone. */
async function read(response: Response) {
  const own = ["content-type", "cache-control", "etag", "x-secret", "payment-response"];
  return {
    status: response.status,
    headers: own.map((name) => [name, response.headers.get(name)]),
    body: Buffer.from(await response.arrayBuffer()).toString("base64"),
  };
}

describeStores((_name, openStore) => {
  test("what was bought is there again for the same payment after the shop was killed, and not charged again", async () => {
    const { open, moves, provesTransfer } = market();
    await using store = await openStore();
    const env = { STORE: store.variable, ORIGIN };
    await using shop = await open(env);
    const header = await shop.sign("/headers");
    const first = await moves(10_000n, () => shop.pay("/headers", header));
    const receipt = readReceipt(first);
    const bought = await read(first);
    expect(bought.status).toBe(200);
    await provesTransfer(receipt, 10_000n);
    await (await shop.buy("/stream?events=2&ms=10")).arrayBuffer();
    await expect.poll(async () => (await shop.ledger()).map(({ state }) => state)).toEqual(["delivered", "delivered"]);
    const rows = await shop.ledger();
    await shop.kill();

    await using again = await open(env);
    const second = await moves(0n, () => again.pay("/headers", header));
    expect(readReceipt(second)).toEqual(receipt);
    expect(await read(second)).toEqual(bought);
    expect(await again.runs("/headers")).toBe(0);
    expect(await again.ledger()).toEqual(rows);
    expect(await again.stop()).toBe(0);
  });
});
