import { readReceipt } from "@turnpike/testing";
import { describe, expect, test } from "vitest";
import { useStage } from "../support/stage.js";

const stage = useStage();
const withoutBody = [204, 205, 304];

for (const row of ["status", "raw"]) {
  describe(`/${row}/:code`, () => {
    test.for([200, 201, 203, 204, 205, 301, 304, 307])("%i is charged", async (code) => {
      const { buy, moves, runs, provesTransfer } = stage();
      const before = await runs(`/${row}/:code`);
      const response = await moves(10_000n, () => buy(`/${row}/${code}`));
      expect(response.status).toBe(code);
      expect(await response.text()).toBe(withoutBody.includes(code) ? "" : JSON.stringify({ status: code }));
      await provesTransfer(readReceipt(response), 10_000n);
      expect(await runs(`/${row}/:code`)).toBe(before + 1);
    });

    test.for([400, 402, 404, 418, 500, 503])("%i costs nothing", async (code) => {
      const { buy, moves, runs } = stage();
      const before = await runs(`/${row}/:code`);
      const response = await moves(0n, () => buy(`/${row}/${code}`));
      expect(response.status).toBe(code);
      expect(await response.json()).toEqual({ status: code });
      expect(readReceipt(response)).toBeUndefined();
      expect(await runs(`/${row}/:code`)).toBe(before + 1);
    });
  });
}

describe("what a handler does beside answering", () => {
  test("/throw costs nothing", async () => {
    const { buy, moves, runs } = stage();
    const response = await moves(0n, () => buy("/throw"));
    expect(response.status).toBe(500);
    expect(readReceipt(response)).toBeUndefined();
    expect(await runs("/throw")).toBe(1);
  });

  test("a payment whose handler threw can be used again", async () => {
    const { sign, pay, moves, runs } = stage();
    const before = await runs("/throw");
    const header = await sign("/throw");
    await moves(0n, async () => {
      for (let i = 0; i < 2; i++) expect((await pay("/throw", header)).status).toBe(500);
    });
    expect(await runs("/throw")).toBe(before + 2);
  });

  test("/redirect is charged as every answer below 400", async () => {
    const { buy, moves, origin } = stage();
    const response = await moves(10_000n, () => buy("/redirect"));
    expect(response.status).toBe(302);
    expect(new URL(response.headers.get("location") ?? "", origin).href).toBe(`${origin}/free`);
    expect(readReceipt(response)).toMatchObject({ success: true });
  });

  test("/headers keeps its own, but no shared cache may keep what one buyer paid for", async () => {
    const { buy } = stage();
    const { status, headers } = await buy("/headers");
    expect(status).toBe(200);
    expect(headers.get("set-cookie")).toBe("shop=1");
    expect(headers.get("x-secret")).toBe("1");
    expect(headers.get("etag")).toBe('"shop"');
    expect(headers.get("cache-control")).toBe("private, max-age=60");
  });

  test("/headers shows nothing of them to those who have not paid, whatever they know", async () => {
    const { get, runs } = stage();
    const before = await runs("/headers");
    const response = await get("/headers", { headers: { "if-none-match": '"shop"' } });
    expect(response.status).toBe(402);
    for (const name of ["set-cookie", "x-secret", "etag"]) expect(response.headers.get(name)).toBeNull();
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await runs("/headers")).toBe(before);
  });
});
