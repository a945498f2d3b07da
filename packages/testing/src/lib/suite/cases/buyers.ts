import { paymentIdentifier } from "@turnpike/core";
import type { PaymentPayload } from "@turnpike/core/protocol";
import { expect } from "vitest";
import type { Casebook, Open } from "../casebook.js";
import { problemOf } from "../expectations.js";
import { paid, type Shop } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const mail: RoutePlan = { ...paid, handle: () => ({ body: "the buyer's mail" }) };
const alice = { headers: { cookie: "session=alice" } };
const bob = { headers: { cookie: "session=bob" } };
const id = "0123456789abcdef";
const named = {
  tamper: (payload: PaymentPayload): PaymentPayload => ({
    ...payload,
    extensions: { ...payload.extensions, "payment-identifier": { info: { required: false, id } } },
  }),
};

/** A used payment is public: it never suffices to read another buyer's response (kind 7: G28, G29; I9). */
export function testBuyers({ check }: Casebook): void {
  async function buy(open: Open, init: RequestInit, plan: Partial<RoutePlan> = {}, path = "/paid") {
    const shop = await open({ routes: [{ ...mail, ...plan }] });
    const header = await shop.header(path);
    const first = await shop.pay(header, path, init);
    await first.text();
    return { shop, header };
  }

  async function expectUsed(shop: Shop, header: string, init: RequestInit): Promise<void> {
    const shown = await shop.pay(header, "/paid", init);
    expect(shown.status).toBe(409);
    expect(await problemOf(shown)).toBe("payment_used");
  }

  async function expectGiven(shop: Shop, header: string, init: RequestInit): Promise<void> {
    const again = await shop.pay(header, "/paid", init);
    expect(again.status).toBe(200);
    expect(await again.text()).toBe("the buyer's mail");
  }

  check("G28 gives a kept response to the session that bought it, and to no other", async (open) => {
    const { shop, header } = await buy(open, alice);
    await shop.becomes("delivered");
    await expectUsed(shop, header, {});
    await expectUsed(shop, header, bob);
    await expectGiven(shop, header, alice);
    expect(shop.runs()).toBe(1);
  });

  check("G28b gives a kept response to the token that bought it, and to no other", async (open) => {
    const token = (name: string): RequestInit => ({ headers: { authorization: `Bearer ${name}` } });
    const { shop, header } = await buy(open, token("alice"));
    await shop.becomes("delivered");
    await expectUsed(shop, header, {});
    await expectUsed(shop, header, token("bob"));
    await expectUsed(shop, header, { headers: { authorization: "Bearer alice", cookie: "session=bob" } });
    await expectGiven(shop, header, token("alice"));
  });

  check("G28c tells buyers apart by a field that the route names", async (open) => {
    const key = (name: string): RequestInit => ({ headers: { "x-api-key": name } });
    const price = { price: "$0.01", credentials: ["X-Api-Key"] };
    const { shop, header } = await buy(open, key("alice"), { price });
    await shop.becomes("delivered");
    await expectUsed(shop, header, {});
    await expectUsed(shop, header, key("bob"));
    await expectGiven(shop, header, key("alice"));
  });

  check(
    "G28j tells buyers apart by whom the route names, whatever their cookies and tokens are by now",
    async (open) => {
      for (const settle of ["after", "before"] as const) {
        // Every framework's request tells its fields in a way of its own.
        let user: string | undefined = "alice";
        const shop = await open({ routes: [{ ...mail, price: { price: "$0.01", settle, buyer: () => user } }] });
        const header = await shop.header();
        await (await shop.pay(header, "/paid", alice)).text();
        await shop.becomes("delivered");
        await expectGiven(shop, header, {
          headers: { cookie: "session=alice; _ga=2", authorization: "Bearer renewed" },
        });
        user = "bob";
        await expectUsed(shop, header, alice);
        user = undefined;
        await expectUsed(shop, header, alice);
        user = "alice";
        await expectGiven(shop, header, {});
        expect(shop.runs()).toBe(1);
        expect(JSON.stringify(await shop.records())).not.toContain("alice");
      }
    },
  );

  check("G28k compares the credentials where the route names no one, and denies where it fails to", async (open) => {
    let name = (): unknown => undefined;
    const buyer = (): string | undefined => name() as string | undefined;
    const shop = await open({ routes: [mail], config: { buyer } });
    const header = await shop.header();
    await (await shop.pay(header, "/paid", alice)).text();
    await shop.becomes("delivered");
    await expectUsed(shop, header, bob);
    await expectGiven(shop, header, alice);
    const failing = [
      () => {
        throw new Error("no session");
      },
      () => Promise.reject(new Error("no session")),
      () => "",
      () => 7,
      () => null,
    ];
    for (const fails of failing) {
      name = fails;
      for (const payment of [header, await shop.header()]) {
        const denied = await shop.pay(payment, "/paid", alice);
        expect(denied.status).toBe(500);
        expect(await problemOf(denied)).toBe("buyer_failed");
      }
    }
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("G28d lets no other session collect what is owed to one, nor run the handler", async (open) => {
    let fails = true;
    const handle = (): { status: number; body: string } => {
      const status = fails ? 500 : 200;
      fails = false;
      return { status, body: "the buyer's mail" };
    };
    const { shop, header } = await buy(open, alice, { price: { price: "$0.01", settle: "before" }, handle });
    await shop.becomes("owed");
    await expectUsed(shop, header, {});
    await expectUsed(shop, header, bob);
    expect(shop.runs()).toBe(1);
    await expectGiven(shop, header, alice);
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("G28e always asks for an identifier that is on record", async (open) => {
    const shop = await open({
      routes: [{ ...mail, price: { price: "$0.01", extensions: [paymentIdentifier()] } }],
    });
    const required = await shop.challenge();
    const payload = await shop.buyer.sign(required);
    const plain = await shop.buyer.header(required, { tamper: () => payload });
    const header = await shop.buyer.header(required, { tamper: () => named.tamper(payload) });
    await (await shop.pay(header)).text();
    await shop.becomes("delivered");
    await expectUsed(shop, plain, {});
    await expectGiven(shop, header, {});
  });

  check("G28f gives a response to any request where the route says that it is the same for all", async (open) => {
    const { shop, header } = await buy(open, alice, { price: { price: "$0.01", keep: "public" } });
    await shop.becomes("delivered");
    await expectGiven(shop, header, {});
    await expectGiven(shop, header, bob);
  });

  check(
    "G28i sends cookies of a kept response only where something that the chain does not show was compared",
    async (open) => {
      const handle = () => ({ headers: [["set-cookie", "session=new"]] as const, body: "the buyer's mail" });
      for (const [price, init, cookies] of [
        [{ price: "$0.01", keep: "public" }, alice, []],
        [{ price: "$0.01", keep: "public" }, {}, []],
        ["$0.01", {}, []],
        ["$0.01", alice, ["session=new"]],
      ] as const) {
        const { shop, header } = await buy(open, init, { price, handle });
        await shop.becomes("delivered");
        const again = await shop.pay(header, "/paid", init);
        expect(again.status).toBe(200);
        expect(again.headers.getSetCookie()).toEqual(cookies);
      }
    },
  );

  check("G28g keeps no response where the route says so", async (open) => {
    const { shop, header } = await buy(open, alice, { price: { price: "$0.01", keep: false } });
    expect(await shop.becomes("delivered")).not.toHaveProperty("kept");
    await expectUsed(shop, header, alice);
  });

  check("G28h keeps no credential, and no digest that two records share", async (open) => {
    const { shop } = await buy(open, alice);
    await shop.becomes("delivered");
    await (await shop.pay(await shop.header(), "/paid", alice)).text();
    await expect.poll(async () => (await shop.records()).map(({ state }) => state)).toEqual(["delivered", "delivered"]);
    const records = await shop.records();
    expect(JSON.stringify(records)).not.toContain("alice");
    const [one, other] = records.map(({ audience }) => audience?.split(".")[1]);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(other).not.toBe(one);
  });

  check("G29 keeps no value of a query, and tells requests apart by it", async (open) => {
    const { shop, header } = await buy(open, {}, {}, "/paid?email=alice%40example.com&page=2");
    expect(JSON.stringify(await shop.becomes("delivered"))).not.toMatch(/alice|page/);
    const other = await shop.pay(header, "/paid?email=bob%40example.com&page=2");
    expect(other.status).toBe(409);
    expect(await problemOf(other)).toBe("payment_bound");
    const same = await shop.pay(header, "/paid?email=alice%40example.com&page=2");
    expect(await same.text()).toBe("the buyer's mail");
  });
}
