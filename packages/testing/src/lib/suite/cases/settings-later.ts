import { httpFacilitator, type Logger } from "@turnpike/core";
import type { PayTo, PaywallConfig, RoutePrice } from "@turnpike/core/adapter";
import { expect } from "vitest";
import type { Casebook } from "../casebook.js";
import { expectChallenge, problemOf } from "../expectations.js";
import { paid, type Shop, seller } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const other = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/** A recipient and keys that a build does not have are asked for at the first priced request (G51). */
export function testLaterSettings({ check }: Casebook): void {
  async function expectDenied(shop: Shop): Promise<void> {
    const denied = await shop.get();
    expect([denied.status, await problemOf(denied)]).toEqual([500, "setting_unavailable"]);
    expect(denied.headers.get("payment-required")).toBeNull();
    expect(denied.headers.get("retry-after")).toBeNull();
    expect(shop.runs()).toBe(0);
  }

  /** The codes and exceptions of the log's errors. */
  function createLog(): { readonly errors: string[]; readonly logger: Logger } {
    const errors: string[] = [];
    const error: Logger["error"] = (_, facts = {}) =>
      void errors.push(`${facts.code}: ${(facts.error as Error | undefined)?.message}`);
    return { errors, logger: { info: () => {}, warn: () => {}, error } };
  }

  check("G51 asks a recipient that is a function at the first priced request, and once", async (open) => {
    for (const later of [seller, Promise.resolve(seller), { "base-sepolia": seller }]) {
      for (const on of ["table", "route"] as const) {
        let times = 0;
        const payTo = () => {
          times++;
          return later;
        };
        const routes: RoutePlan[] = [
          { ...paid, on },
          { path: ["dear"], price: "$1", on },
        ];
        const shop = await open({ routes, config: { payTo } });
        expect(times).toBe(0);
        const [one, two] = await Promise.all([shop.get(), shop.get("/dear")]);
        expect(expectChallenge(one).accepts[0]?.payTo).toBe(seller);
        expect(expectChallenge(two).accepts[0]).toMatchObject({ payTo: seller, amount: "1000000" });
        expect((await shop.buy()).response.status).toBe(200);
        shop.counted({ h: 1, v: 1, s: 1, c: 1 });
        // Where the framework has an engine for each route, each asks for itself.
        expect(times).toBeLessThanOrEqual(2);
      }
    }
  });

  check(
    "G51b denies every request while the recipient is missing or wrong, says so in the log, and asks again",
    async (open) => {
      const wrong: readonly [given: () => unknown, said: RegExp][] = [
        [() => undefined, /`payTo` is missing for base-sepolia.*variable is set/],
        [() => "", /variable is set/],
        [() => "0x1234", /cannot be paid on base-sepolia/],
        [() => `0x${"4c0883a69102937d".repeat(4)}`, /looks like a private key/],
        [() => 5, /must be an address/],
        [() => () => seller, /must return an address/],
        [() => Promise.reject(new Error("no vault today")), /no vault today/],
        [
          () => {
            throw new Error("no vault at all");
          },
          /no vault at all/,
        ],
      ];
      for (const [given, said] of wrong) {
        const { errors, logger } = createLog();
        let ask = given;
        const shop = await open({ config: { payTo: (() => ask()) as PayTo, logger } });
        await expectDenied(shop);
        await expectDenied(shop);
        expect(errors.length).toBe(2);
        expect(errors[0]).toMatch(said);
        expect(errors[0]).toMatch(/^setting_unavailable: /);
        expect(errors.join()).not.toContain("4c0883a69102937d4c08");
        ask = () => seller;
        expect((await shop.buy()).response.status).toBe(200);
        shop.counted({ h: 1, v: 1, s: 1, c: 1 });
      }
    },
  );

  check("G51c gives a payment for another recipient nothing", async (open) => {
    const header = await (await open({ config: { payTo: () => other } })).header();
    const shop = await open({ config: { payTo: () => seller } });
    const refused = await shop.pay(header);
    expect(refused.status).toBe(402);
    shop.counted({ h: 0, v: 0, s: 0, c: 0 });
  });

  check("G51d offers nothing while a facilitator waits for its keys", async (open) => {
    let keys = false;
    const { errors, logger } = createLog();
    const config = (url: string): Partial<PaywallConfig> => ({
      logger,
      facilitator: {
        ...httpFacilitator(url),
        ready: () => (keys ? Promise.resolve() : Promise.reject(new Error("no keys"))),
      },
    });
    const shop = await open({ config });
    await expectDenied(shop);
    expect(errors).toEqual(["setting_unavailable: no keys"]);
    keys = true;
    expect((await shop.buy()).response.status).toBe(200);
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
  });

  check(
    "G51e collects what is owed after a restart and a rise of the price, as with a recipient that is written out",
    async (open) => {
      const route = (price: string, more: Partial<RoutePlan> = {}): RoutePlan => ({
        ...paid,
        price: { price, settle: "before" } as RoutePrice,
        ...more,
      });
      const payTo = () => seller;
      const shop = await open({ routes: [route("$0.01", { handle: () => ({ status: 500 }) })], config: { payTo } });
      const { header } = await shop.buy();
      await shop.becomes("owed");
      const config = { payTo, store: shop.store, facilitator: shop.facilitator.url };
      const risen = await open({ routes: [route("$0.02")], config });
      expect((await risen.pay(header)).status).toBe(200);
      expect(shop.facilitator.charges).toHaveLength(1);
    },
  );
}
