import { Agent, request } from "node:http";
import type { PaymentRequired } from "@turnpike/core/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { payer } from "../client/payer.js";
import type { SignOptions } from "../client/payment.js";
import { rawRequest } from "../client/raw-request.js";
import type { Operation } from "./behaviour.js";
import { type FacilitatorOptions, startFacilitator, type TestFacilitator } from "./facilitator.js";
import * as faults from "./faults.js";

const buyer = payer();
const required: PaymentRequired = {
  x402Version: 2,
  resource: { url: "https://api.example.com/paid" },
  accepts: [
    {
      scheme: "exact",
      network: "eip155:84532",
      amount: "10000",
      asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
      payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
      maxTimeoutSeconds: 60,
      extra: { name: "USDC", version: "2" },
    },
  ],
};

const open: TestFacilitator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((facilitator) => facilitator.close()));
});

async function start(options?: FacilitatorOptions): Promise<TestFacilitator> {
  const facilitator = await startFacilitator(options);
  open.push(facilitator);
  return facilitator;
}

async function payment(options?: SignOptions): Promise<string> {
  const paymentPayload = await buyer.sign(required, options);
  return JSON.stringify({ x402Version: 2, paymentPayload, paymentRequirements: required.accepts[0] });
}

async function post({ url }: TestFacilitator, operation: Operation, body: string): Promise<Response> {
  return fetch(`${url}/${operation}`, { method: "POST", body, redirect: "manual" });
}

const answer = async (...call: Parameters<typeof post>): Promise<unknown> => (await post(...call)).json();

it("listens on the port that it is told, and says when that is taken", async () => {
  const first = await start();
  const port = Number(new URL(first.url).port);
  await expect(startFacilitator({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  await first.close();
  expect((await start({ port })).url).toBe(`http://127.0.0.1:${port}`);
});

describe("an honest facilitator", () => {
  it("verifies a real signature and names its payer", async () => {
    const facilitator = await start();
    expect(await answer(facilitator, "verify", await payment())).toEqual({ isValid: true, payer: buyer.address });
    expect([facilitator.verifies, facilitator.settles, facilitator.charges.length]).toEqual([1, 0, 0]);
  });

  it("finds out every tampered member", async () => {
    const facilitator = await start();
    const now = Math.floor(Date.now() / 1000);
    const tampered: [SignOptions, string][] = [
      [{ authorization: { value: "9999" } }, "authorization_value_mismatch"],
      [{ authorization: { to: buyer.address } }, "recipient_mismatch"],
      [{ authorization: { validBefore: String(now) } }, "authorization_valid_before"],
      [{ authorization: { validAfter: String(now + 60) } }, "authorization_valid_after"],
      [{ authorization: { from: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C" } }, "signature"],
    ];
    for (const [options, reason] of tampered) {
      const found = (await answer(facilitator, "verify", await payment(options))) as { invalidReason: string };
      expect(found).toMatchObject({ isValid: false, invalidReason: `invalid_exact_evm_payload_${reason}` });
    }
    expect(await answer(facilitator, "verify", "nonsense")).toEqual({
      isValid: false,
      invalidReason: "invalid_payload",
    });
  });

  it("moves money once for one authorisation", async () => {
    const facilitator = await start();
    const body = await payment();
    const first = (await answer(facilitator, "settle", body)) as { transaction: string };
    expect(first).toMatchObject({ success: true, network: "eip155:84532", payer: buyer.address });
    expect(first.transaction).toMatch(/^0x[0-9a-f]{64}$/);
    expect(await answer(facilitator, "settle", body)).toMatchObject({
      success: false,
      errorReason: "nonce_used",
      transaction: "",
    });
    expect(facilitator.charges).toMatchObject([{ amount: "10000", transaction: first.transaction }]);
  });

  it("answers a second settlement with the first one's success if it is idempotent", async () => {
    const facilitator = await start({ idempotent: true });
    const body = await payment();
    expect(await answer(facilitator, "settle", body)).toEqual(await answer(facilitator, "settle", body));
    expect(facilitator.charges).toHaveLength(1);
  });

  it("refuses a payer whose money has run out", async () => {
    const facilitator = await start({ balances: { [buyer.address]: 15_000n } });
    expect(await answer(facilitator, "settle", await payment())).toMatchObject({ success: true });
    expect(await answer(facilitator, "verify", await payment())).toMatchObject({ invalidReason: "insufficient_funds" });
    expect(await answer(facilitator, "settle", await payment())).toMatchObject({ errorReason: "insufficient_funds" });
    expect(facilitator.charges).toHaveLength(1);
  });

  it("says what it supports, below its path", async () => {
    const facilitator = await start({ path: "/x402" });
    facilitator.setSupported([], ["bazaar"], { "eip155:*": ["0x1"] });
    const supported = await (await fetch(`${facilitator.url}/supported`)).json();
    expect(supported).toEqual({ kinds: [], extensions: ["bazaar"], signers: { "eip155:*": ["0x1"] } });
    expect((await fetch(new URL("/supported", facilitator.url))).status).toBe(404);
  });

  it("records bodies and headers", async () => {
    const facilitator = await start();
    const body = await payment();
    await post(facilitator, "verify", body);
    expect(facilitator.calls).toMatchObject([
      { operation: "verify", body: JSON.parse(body), headers: { host: expect.any(String) } },
    ]);
  });
});

describe("faults", () => {
  it("queues behaviours for one call each and falls back to the standing one", async () => {
    const facilitator = await start();
    facilitator.respond("verify", faults.status(500), faults.invalid("queued"));
    facilitator.always("verify", faults.status(418));
    const body = await payment();
    const statuses: number[] = [];
    for (let call = 0; call < 4; call++) statuses.push((await post(facilitator, "verify", body)).status);
    expect(statuses).toEqual([500, 200, 418, 418]);
    facilitator.always("verify");
    expect(await answer(facilitator, "verify", body)).toMatchObject({ isValid: true });
  });

  it("resets the connection before and after it acted", async () => {
    const facilitator = await start();
    facilitator.respond("settle", faults.reset(), faults.resetAfterAccept());
    await expect(post(facilitator, "settle", await payment())).rejects.toThrow();
    expect(facilitator.charges).toHaveLength(0);
    await expect(post(facilitator, "settle", await payment())).rejects.toThrow();
    expect(facilitator.charges).toHaveLength(1);
  });

  it("cuts an answer in half", async () => {
    const facilitator = await start();
    facilitator.respond("verify", faults.halfway());
    await expect(answer(facilitator, "verify", await payment())).rejects.toThrow();
  });

  it("calls a transaction pending and confirms the same one later", async () => {
    const facilitator = await start();
    facilitator.respond("settle", faults.pending(), faults.pending());
    const body = await payment();
    const pending = { success: false, errorReason: "settlement_pending", transaction: expect.stringMatching(/^0x/) };
    expect(await answer(facilitator, "settle", body)).toMatchObject(pending);
    expect(await answer(facilitator, "settle", body)).toMatchObject(pending);
    const { transaction } = facilitator.charges[0] ?? {};
    expect(await answer(facilitator, "settle", body)).toMatchObject({ success: true, transaction });
    expect(facilitator.charges).toHaveLength(1);
  });

  it("changes an honest answer after acting on it", async () => {
    const facilitator = await start();
    facilitator.respond("settle", faults.altered({ network: "eip155:1", payer: undefined }));
    const found = await answer(facilitator, "settle", await payment());
    expect(found).toMatchObject({ success: true, network: "eip155:1" });
    expect(found).not.toHaveProperty("payer");
    expect(facilitator.charges).toHaveLength(1);
  });

  it("waits, drips and hangs", async () => {
    const facilitator = await start();
    facilitator.respond("verify", faults.delay(60), faults.drip(5), faults.hang());
    const body = await payment();
    for (const least of [50, 150]) {
      const before = performance.now();
      expect(await answer(facilitator, "verify", body)).toMatchObject({ isValid: true });
      expect(performance.now() - before).toBeGreaterThan(least);
    }
    const signal = AbortSignal.timeout(100);
    await expect(fetch(`${facilitator.url}/verify`, { method: "POST", body, signal })).rejects.toThrow(/timeout/);
  });

  it("floods with plain and with packed bytes", async () => {
    const facilitator = await start();
    facilitator.respond("verify", faults.huge(3_000_000), faults.gzipBomb(3_000_000));
    const body = await payment();
    for (const encoding of [null, "gzip"]) {
      const response = await post(facilitator, "verify", body);
      expect(response.headers.get("content-encoding")).toBe(encoding);
      const text = await response.text();
      expect(text.length).toBeGreaterThan(3_000_000);
      expect(JSON.parse(text)).toMatchObject({ isValid: true });
    }
  });

  it("redirects, changes its media type and writes what Node would not", async () => {
    const facilitator = await start();
    const raw = "HTTP/1.1 200 OK\r\nX-Odd: a\x01b\r\nContent-Length: 2\r\n\r\n{}";
    facilitator.respond(
      "verify",
      faults.redirect("https://elsewhere.example/", 308),
      faults.wrongType("text/html"),
      faults.raw(raw),
    );
    const body = await payment();
    const redirect = await post(facilitator, "verify", body);
    expect([redirect.status, redirect.headers.get("location")]).toEqual([308, "https://elsewhere.example/"]);
    expect((await post(facilitator, "verify", body)).headers.get("content-type")).toBe("text/html");
    const wire = await rawRequest(facilitator.url, ["POST /verify HTTP/1.1", "Content-Length: 0"]);
    expect(wire.bytes.toString("latin1")).toBe(raw);
  });

  it("refuses connections, those that were kept alive too, and accepts them again on its port", async () => {
    const facilitator = await start();
    const agent = new Agent({ keepAlive: true });
    const get = (): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const call = request(`${facilitator.url}/supported`, { agent }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode));
        });
        call.on("error", reject).end();
      });
    expect(await get()).toBe(200);
    await facilitator.refuse();
    await expect(get()).rejects.toThrow();
    await facilitator.accept();
    expect(await get()).toBe(200);
    agent.destroy();
  });

  it("leaves nothing open when it is disposed of, not even a call that hangs", async () => {
    let cut: Promise<unknown>;
    {
      await using facilitator = await startFacilitator();
      facilitator.always("supported", faults.hang());
      cut = fetch(`${facilitator.url}/supported`).catch((error: unknown) => error);
      await expect.poll(() => facilitator.supporteds).toBe(1);
    }
    expect(await cut).toBeInstanceOf(Error);
  });
});
