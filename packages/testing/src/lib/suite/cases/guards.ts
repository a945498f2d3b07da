import { connect } from "node:net";
import { createPaywall, requirePaid } from "@turnpike/core";
import { expect } from "vitest";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import { expectChallenge, problemOf } from "../expectations.js";
import { paid, seller } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const untouched = { h: 0, v: 0, s: 0, c: 0 };
const slow = (): Promise<never> => new Promise(() => undefined);

/** The seller's own say, and what keeps junk from a facilitator (H11, H12, X12, P26, F26). */
export function testGuards({ check }: Casebook): void {
  check("H11 asks once about a bad payment that comes five hundred times", async (open) => {
    const shop = await open();
    const header = await shop.header("/paid", { tamper: (payload) => withSignature(payload) });
    for (let i = 0; i < 10; i++) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => shop.pay(header)));
      for (const answer of answers) expectChallenge(answer);
    }
    shop.counted({ h: 0, v: 1, s: 0, c: 0 });
  });

  check(
    "H12 stops asking about an address that keeps sending bad payments, and says when to come back",
    async (open) => {
      const shop = await open({ config: { limits: { perAddress: 5, seconds: 60 } } });
      const challenge = await shop.challenge();
      const statuses: number[] = [];
      for (let i = 0; i < 12; i++) {
        const header = await shop.buyer.header(challenge, { tamper: (payload) => withSignature(payload) });
        const answer = await shop.pay(header);
        statuses.push(answer.status);
        if (answer.status !== 429) continue;
        expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
        expect(await problemOf(answer)).toBe("too_many_failed_payments");
      }
      expect(statuses).toEqual([...Array<number>(5).fill(402), ...Array<number>(7).fill(429)]);
      expect(shop.facilitator.verifies).toBe(5);
      expect((await shop.get()).status).toBe(402);
    },
  );

  check("F26 stops serving a payer whose settlements keep failing after the work was done", async (open) => {
    const shop = await open({ config: { limits: { perPayer: 2 } } });
    shop.facilitator.always("settle", faults.fail("insufficient_funds"));
    for (let i = 0; i < 2; i++) expect((await shop.buy()).response.status).toBe(402);
    const third = await shop.buy();
    expect(third.response.status).toBe(429);
    expect(shop.runs()).toBe(2);
    expect(shop.facilitator.charges).toHaveLength(0);
  });

  check("F26b counts no forgery against the payer that it names", async (open) => {
    const shop = await open({
      routes: [paid, { ...paid, id: "first", path: ["first"], price: { price: "$0.01", settle: "before" } }],
      config: { limits: { perPayer: 2 } },
    });
    const challenge = await shop.challenge("/first");
    for (let i = 0; i < 5; i++) {
      const forged = await shop.buyer.header(challenge, { tamper: (payload) => withSignature(payload) });
      expect((await shop.pay(forged, "/first")).status).toBe(402);
    }
    expect((await shop.buy("/first")).response.status).toBe(200);
    expect((await shop.buy()).response.status).toBe(200);
  });

  check("H20 keeps room for others while one address has bodies to come", async (open) => {
    const upload: RoutePlan = { id: "upload", method: "POST", path: ["upload"], price: "$0.01" };
    const shop = await open({ routes: [paid, upload] });
    const header = await shop.header("/upload", {}, { method: "POST", body: "small" });
    const { port } = new URL(shop.origin);
    let refused = 0;
    const sockets = Array.from({ length: 40 }, () => {
      const socket = connect(Number(port), "127.0.0.1");
      const head = ["POST /upload HTTP/1.1", `Host: 127.0.0.1:${port}`, "Content-Length: 1048576"];
      socket.on("error", () => {}).write([...head, `PAYMENT-SIGNATURE: ${header}`, "", ""].join("\r\n"));
      socket.on("data", (chunk) => {
        if (chunk.includes("too_many_open_payments")) refused++;
      });
      return socket;
    });
    await expect.poll(() => refused, { timeout: 20_000 }).toBe(25);
    expect((await shop.buy()).response.status).toBe(200);
    const pay = () => shop.pay(header, "/upload", { method: "POST", body: "small" });
    expect((await pay()).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    const large = { method: "POST", body: "x".repeat(1_048_576) };
    await expect
      .poll(async () => (await shop.pay(header, "/upload", large)).status, { timeout: 20_000 })
      // The payment has bought already, so it is bound: the request was let in.
      .toBe(409);
  });

  check("H20b gives the copies of one payment room as it does others", async (open) => {
    const upload: RoutePlan = { id: "upload", method: "POST", path: ["upload"], price: "$0.01" };
    const shop = await open({ routes: [upload], config: { facilitatorTimeout: 60_000, maxTimeoutSeconds: 600 } });
    const init = { method: "POST", body: "x".repeat(1_048_576) };
    const header = await shop.header("/upload", {}, init);
    let go = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    shop.facilitator.respond("verify", (call) => held.then(() => faults.ok()(call)));
    const statuses: number[] = [];
    const answers = Array.from({ length: 20 }, async () => {
      const answer = await shop.pay(header, "/upload", init);
      statuses.push(answer.status);
      if (answer.status === 503) expect(await problemOf(answer)).toBe("too_many_open_payments");
    });
    await expect.poll(() => statuses, { timeout: 20_000 }).toEqual(Array(5).fill(503));
    go();
    await Promise.all(answers);
    expect(statuses.filter((status) => status === 503)).toHaveLength(5);
    expect(statuses.every((status) => [200, 409, 503].includes(status))).toBe(true);
    expect((await shop.pay(header, "/upload", init)).status).toBe(200);
    shop.counted({ h: 1, v: 1, s: 1, c: 1 }, "upload");
  });

  check("X12 denies when a hook throws, rejects or returns nonsense", async (open) => {
    const hooks = [
      () => {
        throw new Error("s3cr3t-hook");
      },
      () => Promise.reject(new Error("s3cr3t-hook")),
      () => "yes",
      () => ({ grant: "true" }),
      () => ({ refuse: { status: 200, code: "fine" } }),
      () => ({ refuse: {} }),
      () => null,
    ];
    for (const name of ["beforeVerify", "afterVerify", "beforeSettle"] as const) {
      for (const hook of hooks) {
        const shop = await open({ config: { hooks: { [name]: hook } as never } });
        const { response } = await shop.buy();
        expect(response.status, `${name} ${hook}`).toBe(500);
        expect(response.headers.get("payment-required")).toBeNull();
        expect(await problemOf(response.clone())).toBe("hook_failed");
        expect(await response.text()).not.toContain("s3cr3t-");
        shop.counted({ h: name === "beforeSettle" ? 1 : 0, v: name === "beforeVerify" ? 0 : 1, s: 0, c: 0 });
      }
    }
  });

  check("X12b holds a hook to its time", async (open) => {
    const shop = await open({ config: { hooks: { beforeVerify: slow } } });
    const { response } = await shop.buy();
    expect(response.status).toBe(500);
    shop.counted(untouched);
  });

  check("X12c lets a hook refuse with a reason of its own, and charges nothing", async (open) => {
    const refuse = () => ({ refuse: { status: 451, code: "not_for_you", detail: "Not in this country." } });
    for (const name of ["beforeVerify", "afterVerify", "beforeSettle"] as const) {
      const shop = await open({ config: { hooks: { [name]: refuse } } });
      const { response } = await shop.buy();
      expect(response.status, name).toBe(451);
      expect(await problemOf(response), name).toBe("not_for_you");
      expect(shop.facilitator.settles, name).toBe(0);
    }
  });

  check("X12d lets a hook grant a request, which then costs nothing", async (open) => {
    for (const name of ["beforeVerify", "afterVerify", "beforeSettle"] as const) {
      const shop = await open({ config: { hooks: { [name]: () => ({ grant: true }) } } });
      const { response, receipt } = await shop.buy();
      expect(response.status, name).toBe(200);
      expect(await response.json(), name).toEqual({ paid: true });
      expect(receipt, name).toBeUndefined();
      shop.counted({ h: 1, v: name === "beforeVerify" ? 0 : 1, s: 0, c: 0 });
    }
  });

  check("X12e owes the answer that a hook withholds after the charge, and its payment collects it", async (open) => {
    let refuses = true;
    const afterSettle = () => (refuses ? { refuse: { status: 503, code: "wait_a_little" } } : undefined);
    const shop = await open({ config: { hooks: { afterSettle } } });
    const { response, header, receipt } = await shop.buy();
    expect(response.status).toBe(503);
    expect(receipt).toMatchObject({ success: true });
    await shop.becomes("owed");
    refuses = false;
    const collected = await shop.pay(header);
    expect(collected.status).toBe(200);
    expect(await collected.json()).toEqual({ paid: true });
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
  });

  check("X12g asks after the charge once, also where the charge is found out later", async (open) => {
    for (const settle of ["after", "before"] as const) {
      const told: string[] = [];
      const afterSettle = ({ receipt }: { receipt: { transaction: string } }) => void told.push(receipt.transaction);
      const routes = [{ ...paid, price: { price: "$0.01", settle } }];
      const shop = await open({ routes, chain: true, config: { hooks: { afterSettle } } });
      shop.facilitator.respond("settle", faults.resetAfterAccept());
      const { response, header } = await shop.buy();
      expect(response.status, settle).toBe(503);
      const operator = createPaywall({
        ...{ payTo: seller, network: "base-sepolia", facilitator: shop.facilitator.url, reconcileSeconds: 0 },
        ...{ store: shop.store, chain: shop.facilitator.chain },
      });
      await operator.reconcile();
      await shop.becomes("owed");
      expect(told, settle).toEqual([]);
      expect((await shop.pay(header)).status, settle).toBe(200);
      const { transaction } = await shop.becomes("delivered");
      expect(told, settle).toEqual([transaction]);
      expect((await shop.pay(header)).status, settle).toBe(200);
      expect(told, settle).toEqual([transaction]);
      expect(shop.facilitator.charges, settle).toHaveLength(1);
    }
  });

  check("X12f charges once and delivers, whatever a logger, an observer or a tracer does", async (open) => {
    const fails = async (): Promise<never> => {
      throw new Error("the collector is away");
    };
    const breaks = (): never => {
      throw new Error("the collector is away");
    };
    const twice = async (_: unknown, run: () => Promise<unknown>) => {
      await run();
      return run();
    };
    const late = async (_: unknown, run: () => Promise<unknown>) => {
      await run().catch(() => undefined);
      throw new Error("the collector is away");
    };
    const tracers = [fails, breaks, twice, late, slow, async () => ({ success: false })];
    const unheard: unknown[] = [];
    const hear = (reason: unknown) => void unheard.push(reason);
    process.on("unhandledRejection", hear);
    try {
      for (const trace of tracers) {
        for (const settle of ["after", "before", "background"] as const) {
          const logger = { info: fails, warn: fails, error: fails };
          const observe = [{ event: fails, trace }, { event: breaks, trace }, { event: slow }] as never;
          const shop = await open({
            routes: [{ ...paid, price: { price: "$0.01", settle } }],
            config: { logger, observe },
          });
          const { response } = await shop.buy();
          expect(response.status, `${settle} ${trace}`).toBe(200);
          expect(await response.json()).toEqual({ paid: true });
          await shop.becomes("delivered");
          shop.counted({ h: 1, v: settle === "before" ? 0 : 1, s: 1, c: 1 });
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 0));
    } finally {
      process.off("unhandledRejection", hear);
    }
    expect(unheard).toEqual([]);
  });

  check("P26 lets a handler demand that a paywall admitted its very request", async (open) => {
    const requests: object[] = [];
    const price = {
      price: "$0.01",
      hooks: { beforeVerify: ({ request }: { request: object }) => void requests.push(request) },
    };
    const seen: unknown[] = [];
    const handle = (): { body: string } => {
      seen.push(requirePaid(requests[0] as object)?.amount);
      return { body: "{}" };
    };
    const shop = await open({ routes: [{ ...paid, price: price as never, handle }] });
    expect((await shop.buy()).response.status).toBe(200);
    expect(seen).toEqual(["10000"]);
    expect(() => requirePaid({ ...requests[0] })).toThrow(/not_paid/);
    expect(() => requirePaid({})).toThrow(/not_paid/);
  });
}

function withSignature<T extends { readonly payload: Record<string, unknown> }>(payload: T): T {
  return { ...payload, payload: { ...payload.payload, signature: `0x${"ab".repeat(65)}` } };
}
