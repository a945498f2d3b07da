import { paymentIdentifier } from "@turnpike/core";
import type { PaymentPayload } from "@turnpike/core/protocol";
import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import type { Casebook, Open } from "../casebook.js";
import { problemOf } from "../expectations.js";
import { paid, type Shop } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const bought = { h: 1, v: 1, s: 1, c: 1 };
const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
const goods: RoutePlan = {
  ...paid,
  handle: () => ({
    headers: [
      ["content-type", "application/x-goods"],
      ["x-lot", "7"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ],
    body: bytes,
  }),
};
const id = "0123456789abcdef";
const named = (name: unknown = id) => ({
  tamper: (payload: PaymentPayload): PaymentPayload => ({
    ...payload,
    extensions: { ...payload.extensions, "payment-identifier": { info: { required: false, id: name } } },
  }),
});

/** The same payment again, once it was delivered (R01, R09, R13, R14; rows 93 to 98). */
export function testRedelivery({ check }: Casebook): void {
  check("R01b sends the stored answer again, byte for byte, with the same receipt", async (open) => {
    const shop = await open({ routes: [goods] });
    const header = await shop.header();
    const first = await shop.pay(header);
    const body = new Uint8Array(await first.arrayBuffer());
    expect(body).toEqual(bytes);
    await shop.becomes("delivered");
    for (const _ of [1, 2]) {
      const again = await shop.pay(header);
      expect(again.status).toBe(200);
      expect(new Uint8Array(await again.arrayBuffer())).toEqual(bytes);
      expect(readReceipt(again)).toEqual(readReceipt(first));
      for (const name of ["content-type", "x-lot", "cache-control", "content-length"]) {
        expect(again.headers.get(name), name).toBe(first.headers.get(name));
      }
    }
    shop.counted(bought);
  });

  check(
    "R01c answers a delivered payment with 409 and the receipt when its answer was too large to keep",
    async (open) => {
      const shop = await open({ routes: [{ ...goods, price: { price: "$0.01", keepBytes: 255 } }] });
      const header = await shop.header();
      const first = await shop.pay(header);
      await first.arrayBuffer();
      await shop.becomes("delivered");
      const again = await shop.pay(header);
      expect(again.status).toBe(409);
      expect(await problemOf(again)).toBe("payment_used");
      expect(readReceipt(again)).toEqual(readReceipt(first));
      shop.counted(bought);
    },
  );

  check("R01d sends the stored answer of a route that settles before its handler again", async (open) => {
    const shop = await open({ routes: [{ ...goods, price: { price: "$0.01", settle: "before" } }] });
    const header = await shop.header();
    const first = await shop.pay(header);
    await first.arrayBuffer();
    await shop.becomes("delivered");
    const again = await shop.pay(header);
    expect(again.status).toBe(200);
    expect(new Uint8Array(await again.arrayBuffer())).toEqual(bytes);
    expect(readReceipt(again)).toEqual(readReceipt(first));
    shop.counted({ h: 1, v: 0, s: 1, c: 1 });
  });

  check("R01e gives a stored answer to nobody who has the payment's name without its signature", async (open) => {
    const shop = await open({ routes: [goods] });
    const challenge = await shop.challenge();
    const payload = await shop.buyer.sign(challenge);
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");
    const first = await shop.pay(encode(payload));
    await first.arrayBuffer();
    await shop.becomes("delivered");
    const signature = `0x${"ab".repeat(65)}`;
    const forged = await shop.pay(encode({ ...payload, payload: { ...payload.payload, signature } }));
    expect(forged.status).toBe(409);
    expect(readReceipt(forged)).toBeUndefined();
    expect(await forged.text()).not.toContain("goods");
    shop.counted(bought);
  });

  check("R01f sends the head of a HEAD request again with its length, and no GET for it", async (open) => {
    const shop = await open({ routes: [goods] });
    const header = await shop.header();
    const first = await shop.pay(header, "/paid", { method: "HEAD" });
    expect(first.status).toBe(200);
    await shop.becomes("delivered");
    const again = await shop.pay(header, "/paid", { method: "HEAD" });
    expect(again.status).toBe(200);
    // A server that was told no length may know it by now.
    const length = first.headers.get("content-length");
    if (length !== null) expect(again.headers.get("content-length")).toBe(length);
    expect((await shop.pay(header)).status).toBe(409);
    shop.counted(bought);
  });

  check("R09b does not serve another body of the same route for a payment that was spent", async (open) => {
    const shop = await open({ routes: [echo] });
    const post = (body: string): RequestInit => ({ method: "POST", headers: { "content-type": "text/plain" }, body });
    const header = await shop.header("/echo", {}, post("one"));
    const first = await shop.pay(header, "/echo", post("one"));
    expect(await first.text()).toBe("one");
    await shop.becomes("delivered");
    const other = await shop.pay(header, "/echo", post("two"));
    expect(other.status).toBe(409);
    expect(await problemOf(other)).toBe("payment_bound");
    const again = await shop.pay(header, "/echo", post("one"));
    expect(await again.text()).toBe("one");
    shop.counted(bought, "echo");
  });

  check("R08c refuses a first use that names another route of the same app", async (open) => {
    const shop = await open({ routes: [paid, { ...paid, id: "other", path: ["other"] }] });
    const header = await shop.header("/other");
    const crossed = await shop.pay(header, "/paid");
    expect(crossed.status).toBe(402);
    expect(crossed.headers.get("payment-required")).not.toBeNull();
    shop.counted({ h: 0, v: 0, s: 0, c: 0 });
    expect((await shop.pay(header, "/other")).status).toBe(200);
  });

  const withNames = (required = false) => ({
    routes: [{ ...goods, price: { price: "$0.01", extensions: [paymentIdentifier({ required })] } }],
  });
  const buyNamed = async (open: Open): Promise<{ shop: Shop; header: string; first: Response }> => {
    const shop = await open(withNames());
    const header = await shop.header("/paid", named());
    const first = await shop.pay(header);
    expect(first.status).toBe(200);
    await first.arrayBuffer();
    await shop.becomes("delivered");
    return { shop, header, first };
  };

  check("R13 sends the stored answer again to a payment that comes with its identifier", async (open) => {
    const { shop, header, first } = await buyNamed(open);
    const again = await shop.pay(header);
    expect(again.status).toBe(200);
    expect(new Uint8Array(await again.arrayBuffer())).toEqual(bytes);
    expect(readReceipt(again)).toEqual(readReceipt(first));
    expect(again.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    shop.counted(bought);
  });

  check("R14 answers 409 to an identifier that comes with another payment", async (open) => {
    const { shop } = await buyNamed(open);
    const other = await shop.pay(await shop.header("/paid", named()));
    expect(other.status).toBe(409);
    expect(await problemOf(other)).toBe("payment_identifier_conflict");
    shop.counted(bought);
  });

  check("R14b charges one of two payments that come with one identifier at once", async (open) => {
    const shop = await open(withNames());
    const headers = [await shop.header("/paid", named()), await shop.header("/paid", named())];
    const answers = await Promise.all(headers.map((header) => shop.pay(header)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(shop.facilitator.charges).toHaveLength(1);
    expect(shop.runs()).toBe(1);
  });

  check("R14c takes an identifier again whose first payment came to nothing", async (open) => {
    let fails = true;
    const handle = (): { status: number; body: string } => {
      const status = fails ? 500 : 200;
      fails = false;
      return { status, body: "ok" };
    };
    const shop = await open({ routes: [{ ...withNames().routes[0], ...{ path: ["paid"], handle } }] });
    expect((await shop.pay(await shop.header("/paid", named()))).status).toBe(500);
    expect((await shop.pay(await shop.header("/paid", named()))).status).toBe(200);
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("W94 answers 400 to a payment without the identifier that the route requires", async (open) => {
    const shop = await open(withNames(true));
    const missing = await shop.pay(await shop.header());
    expect(missing.status).toBe(400);
    expect(await problemOf(missing)).toBe("payment_identifier_required");
    expect(missing.headers.get("payment-required")).not.toBeNull();
    shop.counted({ h: 0, v: 0, s: 0, c: 0 });
  });

  check("W98 answers 400 to an identifier that is none", async (open) => {
    const shop = await open(withNames());
    for (const name of ["short", "x".repeat(129), "0123456789abcde!", 7, null, {}, ""]) {
      const refused = await shop.pay(await shop.header("/paid", named(name)));
      expect(refused.status, String(name)).toBe(400);
      expect(await problemOf(refused)).toBe("payment_identifier_invalid");
    }
    shop.counted({ h: 0, v: 0, s: 0, c: 0 });
  });
}

const echo: RoutePlan = {
  method: "POST",
  path: ["echo"],
  price: "$0.01",
  handle: async (request) => ({ headers: [["content-type", "text/plain"]], body: await request.text() }),
};
