import { readChallenge, readReceipt } from "@turnpike/testing";
import { describe, expect, test } from "vitest";
import { useStage } from "../support/stage.js";

const stage = useStage();

describe("free rows", () => {
  test("/free answers without a payment", async () => {
    const response = await stage().get("/free");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ free: true });
  });
});

const rows = [
  { row: "/items/:id", path: "/items/42", answer: { id: "42" } },
  { row: "/files/*", path: "/files/a", answer: { path: "a" } },
  { row: "/files/*", path: "/files/a/b/c.txt", answer: { path: "a/b/c.txt" } },
  { row: "/mount/inner", path: "/mount/inner", answer: { inner: true } },
  { row: "/bound", path: "/bound", answer: { bound: true } },
  { row: "/expensive", path: "/expensive", answer: { expensive: true }, price: 5_000_000n },
  { row: "/dynamic", path: "/dynamic?size=1", answer: { size: 1 }, price: 1_000n },
  { row: "/dynamic", path: "/dynamic?size=70", answer: { size: 70 }, price: 70_000n },
  { row: "/dynamic", path: "/dynamic?size=1000", answer: { size: 1000 }, price: 1_000_000n },
  { row: "/preview", path: "/preview", answer: { full: true } },
  { row: "/slow", path: "/slow?ms=300", answer: { slow: 300 } },
];

describe("priced rows", () => {
  test.for(rows)("$path is asked for its price, and bought for exactly that", async ({ row, path, answer, price }) => {
    const { chain, origin, get, buy, runs, moves, provesTransfer } = stage();
    const amount = price ?? 10_000n;
    const before = await runs(row);

    const unpaid = await moves(0n, () => get(path));
    expect(unpaid.status).toBe(402);
    expect(readChallenge(unpaid)).toMatchObject({
      x402Version: 2,
      resource: { url: new URL(path.replace(/\?.*/, ""), origin).href },
      accepts: [
        {
          scheme: "exact",
          network: "eip155:84532",
          amount: `${amount}`,
          asset: chain.token.address,
          payTo: chain.accounts.seller.address,
        },
      ],
    });
    expect(await runs(row)).toBe(before);

    const paid = await moves(amount, () => buy(path));
    expect(paid.status).toBe(200);
    expect(await paid.json()).toEqual(answer);
    await provesTransfer(readReceipt(paid), amount);
    expect(await runs(row)).toBe(before + 1);
  });

  test.for(["0", "1001", "-1", "1.5", "1e2", "many", ""])(
    "/dynamic refuses the size %j before it asks for a payment",
    async (size) => {
      const { get, runs } = stage();
      const before = await runs("/dynamic");
      const response = await get(`/dynamic?size=${size}`);
      expect(response.status).toBe(400);
      expect(response.headers.get("payment-required")).toBeNull();
      expect(await runs("/dynamic")).toBe(before);
    },
  );

  test("/preview shows its first lines before it is paid", async () => {
    const response = await stage().get("/preview");
    expect(response.status).toBe(402);
    expect(await response.json()).toEqual({ preview: "first lines" });
  });

  test("/whoami shows its handler the payment", async () => {
    const { buy, chain } = stage();
    expect(await (await buy("/whoami")).json()).toEqual({
      payer: chain.accounts.payer.address,
      amount: "10000",
      asset: chain.token.address,
      network: "eip155:84532",
      scheme: "exact",
    });
  });
});

describe("other verbs", () => {
  test("HEAD is asked for the price of GET", async () => {
    const { get, runs } = stage();
    const before = await runs("/weather");
    const [head, whole] = [await get("/weather", { method: "HEAD" }), await get("/weather")];
    expect(head.status).toBe(402);
    expect(readChallenge(head)?.accepts).toEqual(readChallenge(whole)?.accepts);
    expect(await runs("/weather")).toBe(before);
  });

  test("HEAD costs what GET costs, and has no body", async () => {
    const { buy, moves } = stage();
    const response = await moves(10_000n, () => buy("/weather", { method: "HEAD" }));
    expect(response.status).toBe(200);
    expect(readReceipt(response)).toMatchObject({ success: true });
    expect(await response.text()).toBe("");
  });

  test.for(["/weather", "/bound", "/mount/inner", "/echo"])(
    "a preflight for %s is free and runs nothing",
    async (path) => {
      const { get, runs } = stage();
      const before = await runs(path);
      const response = await get(path, {
        method: "OPTIONS",
        headers: {
          origin: "https://shop.example",
          "access-control-request-method": path === "/echo" ? "POST" : "GET",
          // What @x402/fetch sends beside the body's type.
          "access-control-request-headers": "access-control-expose-headers,content-type,payment-signature",
        },
      });
      expect(response.ok).toBe(true);
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      expect(response.headers.get("access-control-allow-methods")).toMatch(path === "/echo" ? /POST/ : /GET/);
      const allowed = response.headers.get("access-control-allow-headers") ?? "";
      for (const name of ["access-control-expose-headers", "content-type", "payment-signature"]) {
        expect(allowed).toMatch(new RegExp(`^\\*$|\\b${name}\\b`, "i"));
      }
      expect(await runs(path)).toBe(before);
    },
  );

  test("browsers of any origin may read the payment headers", async () => {
    const { get, buy } = stage();
    const headers = { origin: "https://shop.example" };
    for (const response of [await get("/weather", { headers }), await buy("/weather", { headers })]) {
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      const exposed = response.headers.get("access-control-expose-headers") ?? "";
      expect(exposed).toMatch(/payment-required/i);
      expect(exposed).toMatch(/payment-response/i);
    }
  });

  test.for(["POST", "PUT", "PATCH", "DELETE"])("%s on a row that has only GET is refused", async (method) => {
    const { get, runs, moves } = stage();
    const before = await runs("/weather");
    const response = await moves(0n, () => get("/weather", { method }));
    expect(response.status).toBe(405);
    expect(await runs("/weather")).toBe(before);
  });
});
