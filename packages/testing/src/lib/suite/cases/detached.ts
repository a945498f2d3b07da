import type { IncomingMessage, ServerResponse } from "node:http";
import { expect } from "vitest";
import { decodeHeader } from "../../client/header.js";
import type { RawAnswer } from "../../client/raw-request.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import type { Shop } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const modes = ["after", "before", "background"] as const;

/** Takes the connection over by hand, as a library for WebSockets does. */
function switchOver(request: IncomingMessage): void {
  request.socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: feed\r\nConnection: Upgrade\r\n\r\n");
  request.socket.end("the goods");
}

const route = (settle: (typeof modes)[number], node: NonNullable<RoutePlan["node"]> = switchOver): RoutePlan => ({
  path: ["paid"],
  price: { price: "$0.01", settle },
  node,
  fetch: () => new Response("the goods"),
});

/** Asks for an upgrade. */
const upgrade = (shop: Shop, header?: string): Promise<RawAnswer> =>
  shop.raw([
    "GET /paid HTTP/1.1",
    "Connection: close, Upgrade",
    "Upgrade: feed",
    ...(header === undefined ? [] : [`PAYMENT-SIGNATURE: ${header}`]),
  ]);

/** Responses that leave around what the adapter holds. */
export function testDetached({ check, harness }: Casebook): void {
  if (harness.answers === "fetch") {
    check("G18 refuses an upgrade that it cannot carry, ahead of handler and charge", async (open) => {
      for (const settle of modes) {
        const shop = await open({ routes: [route(settle)] });
        const header = await shop.header();
        for (const answer of [await upgrade(shop), await upgrade(shop, header)]) {
          expect(answer.status, settle).toBe(501);
          expect(JSON.parse(answer.body.toString()), settle).toMatchObject({ code: "upgrade_not_supported" });
        }
        shop.counted({ h: 0, v: 0, s: 0, c: 0 });
      }
    });
    return;
  }

  check("G18 asks an upgrade to pay, and switches nothing", async (open) => {
    for (const settle of modes) {
      const shop = await open({ routes: [route(settle)] });
      const answer = await upgrade(shop);
      expect(answer.status, settle).toBe(402);
      expect(answer.bytes.toString(), settle).not.toContain("goods");
      shop.counted({ h: 0, v: 0, s: 0, c: 0 });
    }
  });

  check("G18b settles an upgrade before the handler, whatever the route says, and shows the receipt", async (open) => {
    for (const settle of modes) {
      const charged: number[] = [];
      const plan = route(settle, (request) => {
        charged.push(shop.facilitator.charges.length);
        switchOver(request);
      });
      const shop = await open({ routes: [plan] });
      const answer = await upgrade(shop, await shop.header());
      expect(answer.status, settle).toBe(101);
      expect(answer.bytes.toString(), settle).toContain("the goods");
      expect(decodeHeader(answer.header("payment-response") ?? ""), settle).toMatchObject({ success: true });
      expect(charged, settle).toEqual([1]);
      await shop.becomes("delivered");
    }
  });

  check("G18c switches nothing when the settlement is refused", async (open) => {
    for (const settle of modes) {
      const shop = await open({ routes: [route(settle)] });
      const header = await shop.header();
      shop.facilitator.respond("settle", faults.fail("insufficient_funds"));
      const answer = await upgrade(shop, header);
      expect(answer.status, settle).toBe(402);
      expect([shop.runs(), shop.facilitator.charges.length], settle).toEqual([0, 0]);
    }
  });

  check("G18j switches for a payment that the chain shows as paid, though its settlement is refused", async (open) => {
    for (const settle of modes) {
      const shop = await open({ routes: [route(settle)], chain: true });
      const header = await shop.header();
      shop.facilitator.respond("settle", faults.acted(faults.fail("invalid_exact_evm_nonce_already_used")));
      const answer = await upgrade(shop, header);
      expect(answer.status, settle).toBe(101);
      await shop.becomes("delivered");
      expect([shop.runs(), shop.facilitator.charges.length], settle).toEqual([1, 1]);
    }
  });

  check("G18d switches once for one payment, whether copies come at once or later", async (open) => {
    for (const settle of modes) {
      const shop = await open({ routes: [route(settle)] });
      const header = await shop.header();
      const answers = await Promise.all(Array.from({ length: 10 }, () => upgrade(shop, header)));
      expect(answers.filter(({ status }) => status === 101).length, settle).toBe(1);
      await shop.becomes("delivered");
      expect((await upgrade(shop, header)).status, settle).toBe(409);
      expect((await shop.pay(header)).status, settle).toBe(409);
      expect([shop.runs(), shop.facilitator.charges.length], settle).toEqual([1, 1]);
    }
  });

  check("G18e owes an upgrade that failed, which the same payment collects once", async (open) => {
    for (const settle of modes) {
      let broken = true;
      const plan = route(settle, (request: IncomingMessage, response: ServerResponse) => {
        if (!broken) return switchOver(request);
        response.statusCode = 503;
        response.end("no feed today");
      });
      const shop = await open({ routes: [plan] });
      const header = await shop.header();
      expect((await upgrade(shop, header)).status, settle).toBe(503);
      await shop.becomes("owed");
      broken = false;
      expect((await upgrade(shop, header)).status, settle).toBe(101);
      await shop.becomes("delivered");
      expect((await upgrade(shop, header)).status, settle).toBe(409);
      expect([shop.runs(), shop.facilitator.charges.length], settle).toEqual([2, 1]);
    }
  });

  check("G18f sends nothing that a handler writes around its held response, and charges nothing", async (open) => {
    for (const settle of ["after", "background"] as const) {
      const shop = await open({ routes: [route(settle)] });
      const answer = await shop.raw(["GET /paid HTTP/1.1", `PAYMENT-SIGNATURE: ${await shop.header()}`]);
      expect(answer.status, settle).toBe(500);
      expect(JSON.parse(answer.body.toString()), settle).toMatchObject({ code: "connection_taken_over" });
      await shop.becomes("released");
      expect([shop.runs(), shop.facilitator.charges.length], settle).toEqual([1, 0]);
    }
  });

  check("G18g counts what left around a response that is paid already, and sells it once", async (open) => {
    const shop = await open({ routes: [route("before")] });
    const header = await shop.header();
    const lines = ["GET /paid HTTP/1.1", `PAYMENT-SIGNATURE: ${header}`];
    expect((await shop.raw(lines)).bytes.toString()).toContain("the goods");
    await shop.becomes("delivered");
    expect((await shop.raw(lines)).status).toBe(409);
    shop.counted({ h: 1, v: 0, s: 1, c: 1 });
  });

  check("G18h holds hints back until the payment has settled", async (open) => {
    const hint = (_: IncomingMessage, response: ServerResponse): void => {
      response.writeEarlyHints({ link: "</goods.css>; rel=preload; as=style" });
      response.end("the goods");
    };
    const shop = await open({ routes: [route("after", hint)] });
    const lines = ["GET /paid HTTP/1.1", `PAYMENT-SIGNATURE: ${await shop.header()}`];
    shop.facilitator.respond("settle", faults.fail("insufficient_funds"));
    expect((await shop.raw(lines)).bytes.toString()).not.toContain("goods");
    const paid = await shop.raw(["GET /paid HTTP/1.1", `PAYMENT-SIGNATURE: ${await shop.header()}`]);
    expect(paid.body.toString()).toContain("the goods");
    expect(paid.status).toBe(200);
  });

  check("G18i takes `Upgrade: h2c`, which clients send unasked, for an ordinary request", async (open) => {
    const shop = await open({ routes: [route("after", (_, response) => void response.end("the goods"))] });
    const lines = [
      "GET /paid HTTP/1.1",
      "Connection: close, Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: AA",
    ];
    const answer = await shop.raw([...lines, `PAYMENT-SIGNATURE: ${await shop.header()}`]);
    expect(answer.status).toBe(200);
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
  });
}
