import { readChallenge, readReceipt } from "@turnpike/testing";
import { describe, expect, test } from "vitest";
import { limitsOfShop } from "../support/limits.js";
import { useStage } from "../support/stage.js";
import { waitUntil } from "../support/wait.js";

const stage = useStage();
const mebibyte = 2 ** 20;

describe("answers that do not come at once", () => {
  test.for([1, 5])("/large streams %i MiB of zeros for one charge", async (mb) => {
    const { buy, moves, provesTransfer } = stage();
    const response = await moves(10_000n, async () => {
      const response = await buy(`/large?mb=${mb}`);
      const body = new Uint8Array(await response.arrayBuffer());
      expect(body.byteLength).toBe(mb * mebibyte);
      expect(body.every((byte) => byte === 0)).toBe(true);
      return response;
    });
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    await provesTransfer(readReceipt(response), 10_000n);
  });

  test.for(["/stream", "/stream-first"])(
    "%s sends each event when it happens, and is settled before the first",
    async (row) => {
      const { buy, moves, runs, provesTransfer } = stage();
      const before = await runs(row);
      await moves(20_000n, async () => {
        const whole = await buy(`${row}?events=3&ms=40`);
        expect(whole.headers.get("content-type")).toMatch(/^text\/event-stream\b/);
        expect(await whole.text()).toBe("data: 0\n\ndata: 1\n\ndata: 2\n\n");

        // The second event is half a minute away, so the first has come by itself.
        const endless = await buy(`${row}?events=2&ms=30000`);
        await provesTransfer(readReceipt(endless), 10_000n);
        const reader = endless.body?.pipeThrough(new TextDecoderStream()).getReader();
        expect((await reader?.read())?.value).toBe("data: 0\n\n");
        await reader?.cancel();
      });
      expect(await runs(row)).toBe(before + 2);
    },
  );

  test("/never costs nothing when its client leaves, and the payment can be used again", async () => {
    const { sign, pay, moves, runs } = stage();
    const header = await sign("/never");
    const comeAndLeave = async (run: number) => {
      const client = new AbortController();
      const answer = pay("/never", header, { signal: client.signal }).then(
        ({ status }) => status,
        () => "left",
      );
      const ran = waitUntil(async () => (await runs("/never")) === run);
      const first = await Promise.race([answer, ran]);
      client.abort();
      await answer;
      return first;
    };
    await moves(0n, async () => {
      expect(await comeAndLeave(1)).toBe(true);
      if (!limitsOfShop().hearsLeaving) return;
      // Until the shop hears that its client has left, the payment is still in use.
      await expect.poll(() => comeAndLeave(2)).toBe(true);
    });
  });
});

describe("/fail-first", () => {
  test("owes what it has charged for; the same payment collects it, and gets it again without a further run", async () => {
    const { get, sign, pay, moves, runs, provesTransfer } = stage();
    expect(readChallenge(await get("/fail-first"))?.accepts[0]).toMatchObject({ amount: "10000" });
    const header = await sign("/fail-first");

    const failed = await moves(10_000n, () => pay("/fail-first", header));
    expect(failed.status).toBe(500);
    await provesTransfer(readReceipt(failed), 10_000n);

    const collected = await moves(0n, () => pay("/fail-first", header));
    expect(collected.status).toBe(200);
    expect(await collected.json()).toEqual({ ok: true });
    await provesTransfer(readReceipt(collected), 10_000n);
    expect(await runs("/fail-first")).toBe(2);

    const again = await moves(0n, () => pay("/fail-first", header));
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual({ ok: true });
    expect(readReceipt(again)).toEqual(readReceipt(collected));
    expect(await runs("/fail-first")).toBe(2);
  });
});
