import { decodeHeader, readReceipt } from "@turnpike/testing";
import { describe, expect, test } from "vitest";
import { useStage } from "../support/stage.js";

const stage = useStage();

/** The newest record, once nobody is at work on it any more. */
async function settledRow() {
  const { ledger } = stage();
  await expect.poll(async () => (await ledger())[0]?.state).toMatch(/^(delivered|released|owed)$/);
  const [row] = await ledger();
  return row;
}

describe("/_ledger", () => {
  test("is free, and empty before anything was bought", async () => {
    const { get } = stage();
    await get("/weather");
    const response = await get("/_ledger");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json\b/);
    expect(await response.json()).toEqual([]);
  });

  test("shows a purchase with what was paid, by whom and by which transaction", async () => {
    const { buy, chain, provesTransfer } = stage();
    const response = await buy("/items/7?color=red");
    const receipt = readReceipt(response);
    await response.arrayBuffer();
    expect(await settledRow()).toMatchObject({
      id: expect.stringContaining(chain.accounts.payer.address.toLowerCase()),
      state: "delivered",
      route: expect.stringMatching(/items|^$/),
      request: expect.stringContaining("/items/7"),
      payer: chain.accounts.payer.address,
      amount: "10000",
      asset: chain.token.address,
      network: chain.network,
      scheme: "exact",
      payTo: chain.accounts.seller.address,
      transaction: receipt?.transaction,
      runs: 1,
    });
    await provesTransfer(receipt, 10_000n);
  });

  test("shows the newest first", async () => {
    const { buy, ledger } = stage();
    const paths = ["/weather", "/dynamic?size=3", "/bound"];
    for (const path of paths) await (await buy(path)).arrayBuffer();
    const rows = (await ledger()).slice(0, 3);
    expect(rows.map(({ amount }) => amount)).toEqual(["10000", "3000", "10000"]);
    expect(rows.map(({ request }) => request)).toEqual(
      [...paths].reverse().map((path) => expect.stringContaining(path.split("?", 1)[0] as string)),
    );
    const times = rows.map(({ createdAt }) => Number(createdAt));
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  test("shows what was not charged as released, with no transaction", async () => {
    await (await stage().buy("/throw")).arrayBuffer();
    expect(await settledRow()).toMatchObject({ state: "released", transaction: "", reason: "handler_failed" });
  });

  test("shows nothing that could be used to pay again", async () => {
    const { sign, pay, get } = stage();
    const header = await sign("/weather");
    await (await pay("/weather", header)).arrayBuffer();
    const { payload } = decodeHeader(header) as { payload: { signature: string } };
    const text = await (await get("/_ledger")).text();
    expect(text).toContain("/weather");
    for (const secret of [header, payload.signature, payload.signature.slice(2, 66), "signature", "payload"]) {
      expect(text).not.toContain(secret);
    }
  });
});
