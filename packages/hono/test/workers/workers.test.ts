import { decodeHeader, faults, knock, payer, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFeed } from "./workerd.js";

const buyer = payer();
const modes = ["after", "before", "background"] as const;
let facilitator: TestFacilitator;
let feed: Awaited<ReturnType<typeof startFeed>>;
beforeAll(async () => {
  facilitator = await startFacilitator();
  feed = await startFeed(facilitator.url);
}, 60_000);
afterAll(async () => {
  await feed?.close();
  await facilitator?.close();
});

async function sign(url: string): Promise<Record<string, string>> {
  const unpaid = await knock(url);
  expect(unpaid.status).toBe(402);
  return { "payment-signature": await buyer.header(decodeHeader(unpaid.header("payment-required") ?? "") as never) };
}

describe("a paid WebSocket on Workers", () => {
  it("opens once the payment has settled, works, carries the receipt, and is sold once for one payment", async () => {
    for (const settle of modes) {
      const url = `${feed.origin}/${settle}`;
      const charged = facilitator.charges.length;
      const payment = await sign(url);
      const socket = await knock(url, payment);
      expect(socket.status, settle).toBe(101);
      expect(decodeHeader(socket.header("payment-response") ?? ""), settle).toMatchObject({ success: true });
      socket.send("hello");
      expect(await socket.message(), settle).toBe("you said hello");
      expect((await knock(url, payment)).status, settle).toBe(409);
      socket.close();
      expect((await knock(url, payment)).status, settle).toBe(409);
      expect(facilitator.charges.length - charged, settle).toBe(1);
    }
  });

  it("does not open when the settlement is refused", async () => {
    for (const settle of modes) {
      const url = `${feed.origin}/${settle}`;
      const charged = facilitator.charges.length;
      const payment = await sign(url);
      facilitator.respond("settle", faults.fail("insufficient_funds"));
      expect((await knock(url, payment)).status, settle).toBe(402);
      expect(facilitator.charges.length, settle).toBe(charged);
    }
  });

  it("tells a client whose handler failed that it is owed", async () => {
    const url = `${feed.origin}/broken`;
    const failed = await knock(url, await sign(url));
    expect(failed.status).toBe(500);
    expect(decodeHeader(failed.header("payment-response") ?? "")).toMatchObject({ success: true });
  });
});
