import { readReceipt } from "@turnpike/testing";
import { describe, expect, test } from "vitest";
import { loseAnswer, startRelay } from "../support/relay.js";
import { useMarket } from "../support/stage.js";
import { openFileStore } from "../support/stores.js";

/** Sends the same payment until it buys. */
async function untilSold(pay: () => Promise<Response>): Promise<Response> {
  let response = await pay();
  await expect
    .poll(
      async () => {
        if (response.status !== 200) response = await pay();
        return response.status;
      },
      { interval: 200 },
    )
    .toBe(200);
  return response;
}

const market = useMarket();
const ORIGIN = "https://shop.example";

describe("a settlement whose answer is lost, with EVM_RPC_URL", () => {
  test("is nobody's knowledge at first, and is found on the chain when the same payment comes again", async () => {
    const { chain, facilitator, open, moves, provesTransfer } = market();
    await using relay = await startRelay(facilitator);
    await using shop = await open({ FACILITATOR_URL: relay.url, EVM_RPC_URL: chain.rpcUrl });
    relay.respond("settle", loseAnswer(facilitator));
    const header = await shop.sign("/weather");

    const lost = await moves(10_000n, () => shop.pay("/weather", header));
    expect(lost.status).toBe(503);
    expect(Number(lost.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(lost.headers.get("payment-required")).toBeNull();
    expect(await lost.text()).not.toContain("sunny");

    // A look at the chain of the shop's own may be under way, which answers 409 meanwhile.
    const found = await moves(0n, () => untilSold(() => shop.pay("/weather", header)));
    expect(await found.json()).toEqual({ weather: "sunny" });
    await provesTransfer(readReceipt(found), 10_000n);
    // The chain has told it: the facilitator was not asked again.
    expect(relay.settles).toBe(1);
    expect(await shop.runs("/weather")).toBe(1);
  });

  test("is found on the chain by the shop that starts after one that was killed, and is owed from then on", async () => {
    const { chain, facilitator, open, moves, provesTransfer } = market();
    await using relay = await startRelay(facilitator);
    await using store = await openFileStore();
    const env = { FACILITATOR_URL: relay.url, EVM_RPC_URL: chain.rpcUrl, STORE: store.variable, ORIGIN };
    await using shop = await open(env);
    relay.respond("settle", loseAnswer(facilitator));
    const header = await shop.sign("/items/9");
    expect((await moves(10_000n, () => shop.pay("/items/9", header))).status).toBe(503);
    await shop.kill();

    await using again = await open(env);
    await expect.poll(async () => (await again.ledger())[0]?.state, { interval: 200 }).toBe("owed");
    const [row] = await again.ledger();
    const collected = await moves(0n, () => again.pay("/items/9", header));
    expect(collected.status).toBe(200);
    expect(await collected.json()).toEqual({ id: "9" });
    expect(readReceipt(collected)?.transaction).toBe(row?.transaction);
    await provesTransfer(readReceipt(collected), 10_000n);
    expect(relay.settles).toBe(1);
  });
});

describe("several facilitators in FACILITATOR_URL", () => {
  test("the first serves while it is there, the next one while it is not", async () => {
    const { facilitator, open, moves, provesTransfer } = market();
    await using first = await startRelay(facilitator);
    await using second = await startRelay(facilitator);
    await using shop = await open({ FACILITATOR_URL: `${first.url}, ${second.url}` });
    expect((await moves(10_000n, () => shop.buy("/weather"))).status).toBe(200);
    expect([first.settles, second.settles]).toEqual([1, 0]);

    await first.refuse();
    const bought = await moves(10_000n, () => shop.buy("/weather"));
    expect(bought.status).toBe(200);
    await provesTransfer(readReceipt(bought), 10_000n);
    expect([first.settles, second.settles]).toEqual([1, 1]);
    expect(new Set((await shop.ledger()).map(({ facilitator }) => facilitator)).size).toBe(2);
  });

  test("one that is down from the start does not keep the shop from selling", async () => {
    const { facilitator, open, moves } = market();
    await using absent = await startRelay(facilitator);
    await absent.refuse();
    await using shop = await open({ FACILITATOR_URL: `${absent.url},${facilitator}` });
    expect((await moves(10_000n, () => shop.buy("/weather"))).status).toBe(200);
  });
});
