import { httpFacilitator, type Logger } from "@turnpike/core";
import type { PaywallConfig, RouteOptions } from "@turnpike/core/adapter";
import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import type { Casebook } from "../casebook.js";
import { problemOf } from "../expectations.js";
import type { RoutePlan } from "../stage.js";

/** One line of a log. */
interface Line {
  readonly level: keyof Logger;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What fails on the seller's side is written down once, with the exception, and buyers are told no more than a code (G37, G38). */
export function testSellerErrors({ check }: Casebook): void {
  check("G37 writes an exception of the seller's own code down once, with the route and its code", async (open) => {
    for (const [name, { config, price, preview, code }] of Object.entries(failing)) {
      const { lines, logger } = createLog();
      const priced: RoutePlan = { path: ["paid"], price: preview ? { price: "$0.01", preview } : (price ?? "$0.01") };
      const shop = await open({ routes: [priced], config: { ...config, logger, reconcileSeconds: 0 } });
      // Without a price there is nothing to sign.
      const response = price || preview ? await shop.get() : (await shop.buy()).response;
      expect([response.status, await problemOf(response)], name).toEqual([500, code]);
      const errors = lines.filter(({ level, facts }) => level === "error" && facts.code === code);
      expect(
        errors.map(({ facts }) => (facts.error as Error).message, name),
        name,
      ).toEqual([`no luck: ${name}`]);
      expect((errors[0]?.facts.error as Error | undefined)?.stack, name).toContain("seller-errors");
      expect(JSON.stringify([response, lines]), name).not.toMatch(/0x[0-9a-f]{130}/);
      await shop.close();
    }
  });

  check("G37b tells of an observer that fails, and sells all the same", async (open) => {
    const { lines, logger } = createLog();
    const observe = [
      { event: () => fail("an observer") },
      { event: () => Promise.reject(new Error("no luck: a promise")) as never },
    ];
    const shop = await open({ config: { observe, logger } });
    const { response } = await shop.buy();
    expect([response.status, readReceipt(response)?.success]).toEqual([200, true]);
    await shop.becomes("delivered");
    await expect.poll(() => lines.filter(({ facts }) => facts.code === "observer_failed").length).toBe(1);
  });

  check("G37c names a price that a function got wrong, and what it returned", async (open) => {
    const wrong: readonly [RouteOptions["price"], RegExp][] = [
      [() => "a cent" as never, /no token "cent" is known/],
      [() => undefined as never, /returned no price/],
      [() => ({ refusal: { status: 200, code: "free", detail: "" } }) as never, /status 200/],
    ];
    for (const [price, reason] of wrong) {
      const { lines, logger } = createLog();
      const shop = await open({ routes: [{ path: ["paid"], price: { price } }], config: { logger } });
      const response = await shop.get();
      expect([response.status, await problemOf(response)]).toEqual([500, "price_unavailable"]);
      expect(lines.map(({ facts }) => (facts.error as Error | undefined)?.message).join(" ")).toMatch(reason);
      await shop.close();
    }
  });

  check(
    "G37e warns of what was charged and is owed because the handler failed, and of no broken connection",
    async (open) => {
      const { lines, logger } = createLog();
      const plan: RoutePlan = {
        path: ["paid"],
        price: { price: "$0.01", settle: "before" },
        handle: () => ({ status: 500 }),
      };
      const shop = await open({ routes: [plan], config: { logger } });
      await (await shop.buy()).response.arrayBuffer();
      const { id, route } = await shop.becomes("owed");
      const owed = () => lines.filter(({ facts }) => facts.code === "payment_owed");
      await expect.poll(() => owed().length).toBe(1);
      expect(owed()[0]).toMatchObject({ level: "warn", facts: { payment: id, route, reason: "handler_failed" } });
    },
  );

  check("G37d writes down what a facilitator and a chain reader of the seller's own throw", async (open) => {
    const { lines, logger } = createLog();
    const config = (url: string): Partial<PaywallConfig> => ({
      logger,
      facilitator: { ...httpFacilitator(url), settle: async () => fail("settle") },
      chain: { networks: ["eip155:84532"], find: () => fail("a chain") },
    });
    const shop = await open({ config });
    const { response, header } = await shop.buy();
    expect([response.status, await problemOf(response)]).toEqual([503, "settlement_unknown"]);
    expect((await shop.pay(header)).status).toBe(503);
    const told = lines.flatMap(({ level, facts: { error } }) => {
      const { message, cause } = (error ?? {}) as { message?: string; cause?: Error };
      return level === "error" && error ? [cause?.message ?? message] : [];
    });
    expect(told).toEqual(expect.arrayContaining(["no luck: settle", "no luck: a chain"]));
    expect(JSON.stringify(lines)).not.toMatch(/0x[0-9a-f]{130}/);
  });

  check("G38 takes a network that no facilitator serves for a fault of the configuration", async (open) => {
    const { lines, logger } = createLog();
    const shop = await open({ config: { logger }, facilitator: { kinds: [] } });
    const response = await shop.pay(await shop.header());
    expect(response.status).toBe(500);
    expect(response.headers.get("retry-after")).toBeNull();
    expect(await problemOf(response)).toBe("facilitator_unsupported");
    expect(
      lines.filter(({ level, facts }) => level === "error" && facts.code === "facilitator_unsupported"),
    ).not.toEqual([]);
  });
}

/** Every function that a seller passes in, failing. */
const failing: Record<
  string,
  {
    readonly config?: Partial<PaywallConfig>;
    readonly price?: RouteOptions["price"];
    readonly preview?: RouteOptions["preview"];
    readonly code: string;
  }
> = {
  "a price": { price: () => fail("a price"), code: "price_unavailable" },
  "a price that comes later": {
    price: () => Promise.reject(new Error("no luck: a price that comes later")),
    code: "price_unavailable",
  },
  beforeVerify: { config: { hooks: { beforeVerify: () => fail("beforeVerify") } }, code: "hook_failed" },
  afterVerify: { config: { hooks: { afterVerify: async () => fail("afterVerify") } }, code: "hook_failed" },
  beforeSettle: { config: { hooks: { beforeSettle: () => fail("beforeSettle") } }, code: "hook_failed" },
  afterSettle: { config: { hooks: { afterSettle: async () => fail("afterSettle") } }, code: "hook_failed" },
  preview: { preview: () => fail("preview"), code: "internal_error" },
  buyer: { config: { buyer: () => fail("buyer") }, code: "buyer_failed" },
};

function fail(what: string): never {
  throw new Error(`no luck: ${what}`);
}

function createLog(): { readonly lines: Line[]; readonly logger: Logger } {
  const lines: Line[] = [];
  const write =
    (level: Line["level"]) =>
    (message: string, facts: Line["facts"] = {}) => {
      lines.push({ level, message, facts });
    };
  return { lines, logger: { info: write("info"), warn: write("warn"), error: write("error") } };
}
