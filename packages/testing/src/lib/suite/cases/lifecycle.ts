import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import type { Casebook, Open } from "../casebook.js";
import { paid } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const bought = { h: 1, v: 1, s: 1, c: 1 };
const uncharged = { h: 1, v: 1, s: 0, c: 0 };

/** Verify, handler, settle, response; and what is charged (rows 25, 32, 40, 42, 56, 57; D01 to D03, D06, D16). */
export function testLifecycle({ check }: Casebook): void {
  check("W25 verifies, runs, settles and answers, in this order, for a price in the table", async (open) => {
    await expectOneSale(open, "table");
  });

  check("W25b verifies, runs, settles and answers, in this order, for a price on the route itself", async (open) => {
    await expectOneSale(open, "route");
  });

  check("A01 shows the handler its payment", async (open) => {
    const handle: NonNullable<RoutePlan["handle"]> = ({ payment }) => ({
      body: JSON.stringify({ ...payment, receipt: undefined }),
    });
    const shop = await open({ routes: [{ ...paid, handle }] });
    const { response, challenge } = await shop.buy();
    const { amount, asset, network, scheme } = challenge.accepts[0] ?? {};
    expect(await response.json()).toEqual({ payer: shop.buyer.address, amount, asset, network, scheme });
  });

  check("A02 gives the handler the request body untouched", async (open) => {
    const handle: NonNullable<RoutePlan["handle"]> = async (request) => ({ body: await request.text() });
    const shop = await open({ routes: [{ ...paid, method: "POST", handle }] });
    const body = JSON.stringify({ text: "Zürich ✓", list: [1, 2, 3] });
    const init = { method: "POST", body, headers: { "content-type": "application/json" } };
    const { response } = await shop.buy("/paid", {}, init);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(JSON.parse(body));
    shop.counted(bought);
  });

  check("D01 charges nothing when the handler throws, and takes the same payment again", async (open) => {
    let broken = true;
    const handle = (): { body: string } => {
      if (broken) throw new Error("handler broke");
      return { body: "mended" };
    };
    const shop = await open({ routes: [{ ...paid, handle }] });
    const header = await shop.header();
    const failed = await shop.pay(header);
    expect(failed.status).toBe(500);
    expect(readReceipt(failed)).toBeUndefined();
    expect(await failed.text()).not.toContain("mended");
    shop.counted(uncharged);
    broken = false;
    const again = await shop.pay(header);
    expect(again.status).toBe(200);
    expect(await again.text()).toBe("mended");
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("D01b charges nothing when the handler rejects later", async (open) => {
    const handle = async (): Promise<never> => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      throw Object.assign(new Error("handler broke"), { status: 418 });
    };
    const shop = await open({ routes: [{ ...paid, handle }] });
    const { response } = await shop.buy();
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(readReceipt(response)).toBeUndefined();
    shop.counted(uncharged);
  });

  check("D02 charges nothing for an error answer, and passes it on", async (open) => {
    const shop = await open({ routes: [statusRoute] });
    const codes = [400, 401, 402, 403, 404, 409, 410, 412, 418, 422, 429, 451, 500, 501, 502, 503, 504, 599];
    for (const [index, code] of codes.entries()) {
      const { response } = await shop.buy(`/status?code=${code}`);
      expect(response.status).toBe(code);
      expect(await response.text(), String(code)).toBe(`status ${code}`);
      expect(response.headers.get("x-handler"), String(code)).toBe("yes");
      expect(readReceipt(response), String(code)).toBeUndefined();
      shop.counted({ h: index + 1, v: index + 1, s: 0, c: 0 }, "status");
    }
  });

  check("D02b charges nothing for an error written straight to the response", async (open) => {
    const shop = await open({ routes: [rawStatusRoute] });
    for (const [index, code] of [400, 404, 500, 503].entries()) {
      const { response } = await shop.buy(`/status?code=${code}`);
      expect(response.status).toBe(code);
      expect(await response.text()).toBe(`raw ${code}`);
      expect(readReceipt(response), String(code)).toBeUndefined();
      shop.counted({ h: index + 1, v: index + 1, s: 0, c: 0 }, "status");
    }
  });

  check("D03 charges for every answer below 400", async (open) => {
    const shop = await open({ routes: [statusRoute] });
    for (const [index, code] of [200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 307, 308].entries()) {
      const { response, receipt } = await shop.buy(`/status?code=${code}`);
      expect(response.status).toBe(code);
      expect(receipt?.success, String(code)).toBe(true);
      const empty = [204, 205, 304].includes(code);
      expect(await response.text(), String(code)).toBe(empty ? "" : `status ${code}`);
      const times = index + 1;
      shop.counted({ h: times, v: times, s: times, c: times }, "status");
    }
  });

  check("D03b charges for answers written straight to the response", async (open) => {
    const shop = await open({ routes: [rawStatusRoute] });
    for (const [index, code] of [200, 204, 302, 304].entries()) {
      const { response, receipt } = await shop.buy(`/status?code=${code}`);
      expect(response.status).toBe(code);
      expect(receipt?.success, String(code)).toBe(true);
      const times = index + 1;
      shop.counted({ h: times, v: times, s: times, c: times }, "status");
    }
  });

  check("D06 answers 504 for a handler that never answers, and charges nothing", async (open) => {
    const handle = (): Promise<never> => new Promise(() => {});
    const shop = await open({ routes: [{ ...paid, handle }], config: { handlerTimeout: 150 } });
    const { response } = await shop.buy();
    expect(response.status).toBe(504);
    expect(readReceipt(response)).toBeUndefined();
    shop.counted(uncharged);
  });

  check("D11 charges nothing when the client leaves before the answer", async (open) => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handle = async (): Promise<{ body: string }> => {
      await gate;
      return { body: "too late" };
    };
    const shop = await open({ routes: [{ ...paid, handle }, { path: ["free"] }] });
    const header = await shop.header();
    const leaving = new AbortController();
    const answer = shop.pay(header, "/paid", { signal: leaving.signal }).catch(() => "left");
    await expect.poll(() => shop.runs()).toBe(1);
    leaving.abort();
    expect(await answer).toBe("left");
    for (let turn = 0; turn < 3; turn++) await shop.get("/free");
    release();
    for (let turn = 0; turn < 3; turn++) await shop.get("/free");
    shop.counted(uncharged);
  });

  check("D16 keeps a redirect and charges for it", async (open) => {
    const headers = [["location", "/elsewhere"]] as const;
    const shop = await open({ routes: [{ ...paid, handle: () => ({ status: 302, headers }) }] });
    const { response, receipt } = await shop.buy();
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("/elsewhere");
    expect(receipt?.success).toBe(true);
    shop.counted(bought);
  });
}

async function expectOneSale(open: Open, on: "table" | "route"): Promise<void> {
  const seen: number[][] = [];
  const handle = (): { body: string } => {
    seen.push([shop.facilitator.verifies, shop.facilitator.settles]);
    return { body: "the goods" };
  };
  const shop = await open({ routes: [{ ...paid, on, handle }] });
  const { response, payload, receipt } = await shop.buy();
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("the goods");
  expect(seen).toEqual([[1, 0]]);
  const [charge] = shop.facilitator.charges;
  expect(receipt).toMatchObject({ success: true, transaction: charge?.transaction, network: "eip155:84532" });
  expect(receipt).not.toHaveProperty("errorReason");
  expect(receipt?.payer).toBe(shop.buyer.address);
  expect(charge).toMatchObject({ amount: "10000", payTo: payload.accepted.payTo, payer: shop.buyer.address });
  expect(response.headers.get("payment-required")).toBeNull();
  shop.counted(bought);
}

const bodyless = new Set([204, 205, 304]);

const codeOf = (url: string): number => Number(new URLSearchParams(url.split("?")[1]).get("code"));

const statusRoute: RoutePlan = {
  id: "status",
  path: ["status"],
  price: "$0.01",
  handle: ({ url }) => {
    const status = codeOf(url);
    const headers: [string, string][] = [["x-handler", "yes"]];
    if (bodyless.has(status)) return { status, headers };
    return { status, headers: [...headers, ["content-type", "text/plain"]], body: `status ${status}` };
  },
};

const rawStatusRoute: RoutePlan = {
  id: "status",
  path: ["status"],
  price: "$0.01",
  node: (request, response) => {
    const code = codeOf(request.url ?? "");
    response.writeHead(code, { "x-handler": "yes" });
    response.end(bodyless.has(code) ? undefined : `raw ${code}`);
  },
  fetch: ({ url }) => {
    const code = codeOf(url);
    return new Response(bodyless.has(code) ? null : `raw ${code}`, { status: code, headers: { "x-handler": "yes" } });
  },
};
