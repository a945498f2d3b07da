import { expect } from "vitest";
import { type Payer, payer } from "../../client/payer.js";
import type { Behaviour } from "../../facilitator/behaviour.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import { expectChallenge, problemOf } from "../expectations.js";
import { forge, isForged } from "../forgery.js";
import { paid, type Shop } from "../shop.js";

const CONNECTIONS = 250;
const BUYERS = 12;
/** Milliseconds that a busy machine may take. */
const PATIENT = { timeout: 240_000 };
/** A busy machine may be slow where a facilitator would not be. */
const SLOW = { facilitatorTimeout: 60_000, maxTimeoutSeconds: 600 };
/** Milliseconds for a case with a flood. */
const FLOODED = 600_000;

/** What those may cost who have not paid: places, memory and runs (G33 to G36). */
export function testUnpaid({ check }: Casebook): void {
  check(
    "G33 serves twelve of twelve buyers while 250 connections send distinct forgeries",
    async (open) => {
      const shop = await open({ config: { ...SLOW, limits: { perAddress: 1_000_000 } } });
      const flood = await startFlood(shop);
      try {
        const buyers = Array.from({ length: BUYERS }, () => payer());
        const bought = await Promise.all(buyers.map((buyer) => buyer.buy(`${shop.origin}/paid`)));
        expect(bought.map(({ response }) => response.status)).toEqual(Array(BUYERS).fill(200));
      } finally {
        await flood.stop();
      }
      expect(shop.runs()).toBe(BUYERS);
      expect(shop.facilitator.charges).toHaveLength(BUYERS);
    },
    FLOODED,
  );

  check(
    "G33b serves who has bought before, whatever strangers send from the same address",
    async (open) => {
      const shop = await open({ config: SLOW });
      expect((await shop.buy()).response.status).toBe(200);
      const flood = await startFlood(shop);
      try {
        // More than are borne of one address, where addresses are known.
        await expect.poll(() => flood.refused(), PATIENT).toBeGreaterThan(100);
        const bought = await Promise.all(Array.from({ length: BUYERS }, () => shop.buy()));
        expect(bought.map(({ response }) => response.status)).toEqual(Array(BUYERS).fill(200));
      } finally {
        await flood.stop();
      }
      expect(shop.facilitator.charges).toHaveLength(BUYERS + 1);
    },
    FLOODED,
  );

  check(
    "G33c serves buyers of a route that settles first while 250 connections send forgeries",
    async (open) => {
      const price = { price: "$0.01", settle: "before" } as const;
      const config = { ...SLOW, limits: { perAddress: 1_000_000 } };
      const shop = await open({ routes: [{ ...paid, price }], config });
      const flood = await startFlood(shop);
      try {
        const buyers = Array.from({ length: BUYERS }, () => payer());
        const bought = await Promise.all(buyers.map((buyer) => buyer.buy(`${shop.origin}/paid`)));
        expect(bought.map(({ response }) => response.status)).toEqual(Array(BUYERS).fill(200));
      } finally {
        await flood.stop();
      }
      expect(shop.facilitator.charges).toHaveLength(BUYERS);
    },
    FLOODED,
  );

  check("G34 does not count the buyers behind a proxy as one, if the app was not told of it", async (open) => {
    const codes: unknown[] = [];
    const warn = (_: string, facts?: Readonly<Record<string, unknown>>) => void codes.push(facts?.code);
    const logger = { info: () => {}, warn, error: () => {} };
    const shop = await open({ config: { limits: { perAddress: 3 }, logger } });
    const challenge = await shop.challenge();
    const from = (client: string) => ({ headers: { "x-forwarded-for": client } });
    for (let i = 0; i < 8; i++) await expectRefused(shop.pay(forge(challenge), "/paid", from("203.0.113.7")));
    expect((await shop.buy("/paid", {}, from("203.0.113.8"))).response.status).toBe(200);
    expect(codes.filter((code) => code === "TURNPIKE_PROXY").length).toBeLessThanOrEqual(1);
  });

  check("G35 keeps a small mark of a forgery, for a minute, and nothing of its request", async (open) => {
    const price = { price: "$0.01", settle: "before" } as const;
    const shop = await open({ routes: [{ ...paid, price }], config: { limits: false } });
    const challenge = await shop.challenge();
    const query = "q".repeat(6_000);
    const forgeries = 20;
    for (let i = 0; i < forgeries; i++) expect((await shop.pay(forge(challenge), `/paid?${query}`)).status).toBe(402);
    const records = await shop.records();
    expect(records).toHaveLength(forgeries);
    for (const record of records) {
      const text = JSON.stringify(record);
      expect(text.length).toBeLessThan(1_200);
      expect(text).not.toContain("qqqq");
      expect(text).not.toContain("abababab");
      expect(record.state).toBe("failed");
      const { expiresAt } = record as { readonly expiresAt?: number };
      expect(expiresAt).toBeLessThanOrEqual(Date.now() + 60_000);
    }
  });

  check("G35b lets forgeries that stay open keep no buyer out, and bounds them", async (open) => {
    const price = { price: "$0.01", settle: "before" } as const;
    const shop = await open({ routes: [{ ...paid, price }], config: { limits: false } });
    const challenge = await shop.challenge();
    shop.facilitator.always("settle", faults.status(400));
    for (let i = 0; i < 15; i++) await Promise.all(Array.from({ length: 10 }, () => shop.pay(forge(challenge))));
    expect((await shop.records()).length).toBeLessThan(60);
    shop.facilitator.always("settle");
    expect((await shop.buy()).response.status).toBe(200);
  });

  check(
    "G07 remembers a payment for as long as it is valid, and takes none that is valid for too long",
    async (open) => {
      const shop = await open();
      const challenge = await shop.challenge();
      const day = 86_400;
      const valid = async (until: string) =>
        shop.pay(await shop.buyer.header(challenge, { authorization: { validBefore: until } }));
      const now = Math.floor(Date.now() / 1000);
      for (const until of [now + 29 * day, 2 ** 53 - 1, 2n ** 256n - 1n]) {
        const refused = await valid(String(until));
        expectChallenge(refused);
        expect(await problemOf(refused)).toBe("valid_for_too_long");
      }
      shop.counted({ h: 0, v: 0, s: 0, c: 0 });
      const last = now + 27 * day;
      expect((await valid(String(last))).status).toBe(200);
      const { expiresAt } = (await shop.becomes("delivered")) as { readonly expiresAt?: number };
      expect(expiresAt).toBeGreaterThan(last * 1000);
    },
  );

  check("G36 stops to run the handler for a payment whose client leaves each time", async (open) => {
    let stays = false;
    const handle = async ({ payment }: { payment?: { signal: AbortSignal } | undefined }) => {
      if (!stays) {
        await new Promise<void>((resolve) => payment?.signal.addEventListener("abort", () => resolve()));
      }
      return { body: "the goods" };
    };
    const shop = await open({ routes: [{ ...paid, handle }] });
    const header = await shop.header();
    for (let run = 1; run <= 5; run++) {
      const leaving = new AbortController();
      const answer = shop.pay(header, "/paid", { signal: leaving.signal }).catch(() => "left");
      await expect.poll(() => shop.runs(), PATIENT).toBe(run);
      leaving.abort();
      expect(await answer).toBe("left");
      await expect
        .poll(async () => (await shop.records())[0], PATIENT)
        .toMatchObject({ state: "released", uncharged: run });
    }
    for (let i = 0; i < 3; i++) {
      const refused = await shop.pay(header);
      expect(refused.status).toBe(429);
      expect(await problemOf(refused)).toBe("too_many_uncharged_runs");
    }
    stays = true;
    expect((await payer().buy(`${shop.origin}/paid`)).response.status).toBe(200);
    shop.counted({ h: 6, v: 6, s: 1, c: 1 });
  });

  check("G36b lets an honest buyer try a few times when the handler fails, and no payment for ever", async (open) => {
    let fails = 4;
    const handle = () => (fails-- > 0 ? { status: 500, body: "{}" } : { body: "{}" });
    const shop = await open({ routes: [{ ...paid, handle }] });
    const header = await shop.header();
    for (let i = 0; i < 4; i++) expect((await shop.pay(header)).status).toBe(500);
    expect((await shop.pay(header)).status).toBe(200);
    fails = 100;
    const unlucky = await shop.header();
    const statuses = [];
    for (let i = 0; i < 8; i++) statuses.push((await shop.pay(unlucky)).status);
    expect(statuses).toEqual([500, 500, 500, 500, 500, 429, 429, 429]);
    shop.counted({ h: 10, v: 10, s: 1, c: 1 });
  });

  check("G36d stops to run the handler for a payment whose settlement is refused each time", async (open) => {
    const shop = await open({ config: { limits: { perPayer: 1_000 } } });
    shop.facilitator.always("settle", faults.fail("insufficient_funds"));
    const header = await shop.header();
    const statuses = [];
    for (let i = 0; i < 8; i++) statuses.push((await shop.pay(header)).status);
    expect(statuses).toEqual([402, 402, 402, 402, 402, 429, 429, 429]);
    expect(shop.runs()).toBe(5);
    expect(shop.facilitator.charges).toHaveLength(0);
  });

  check("G36c stops a payer who lets the handler run with a new payment each time, and nobody else", async (open) => {
    let fails = true;
    const handle = () => ({ status: fails ? 500 : 200, body: "{}" });
    const shop = await open({ routes: [{ ...paid, handle }], config: { limits: { runsPerPayer: 3 } } });
    const leaving: Payer = payer();
    const buy = (who: Payer) => who.buy(`${shop.origin}/paid`);
    for (let i = 0; i < 3; i++) expect((await buy(leaving)).response.status).toBe(500);
    const { response } = await buy(leaving);
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    expect(await problemOf(response)).toBe("too_many_uncharged_runs");
    fails = false;
    expect((await buy(payer())).response.status).toBe(200);
    expect(shop.runs()).toBe(4);
  });
}

interface Flood {
  /** Forgeries that were refused so far. */
  refused(): number;
  stop(): Promise<void>;
}

/**
 * Forgeries over many connections at once, each another, at a facilitator that takes 400 ms for a payment, and longer for a
 * forgery: then its places are full though little is computed, also on a busy machine.
 */
async function startFlood(shop: Shop): Promise<Flood> {
  const { facilitator } = shop;
  let stopped = false;
  const slowly =
    (refuse: Behaviour): Behaviour =>
    (call) =>
      isForged(call.body) ? faults.delay(stopped ? 0 : 1_200, refuse)(call) : faults.delay(400)(call);
  facilitator.always("verify", slowly(faults.invalid("invalid_exact_evm_payload_signature")));
  facilitator.always("settle", slowly(faults.fail("invalid_exact_evm_payload_signature")));
  const before = facilitator.verifies + facilitator.settles;
  const challenge = await shop.challenge();
  let refused = 0;
  const leaving = new AbortController();
  // Node's fetch may never end the reading of a body that is aborted as it comes.
  const left = new Promise<void>((resolve) => leaving.signal.addEventListener("abort", () => resolve()));
  const send = async () => {
    while (!stopped) {
      const answer = await shop.pay(forge(challenge), "/paid", { signal: leaving.signal }).catch(() => undefined);
      await Promise.race([answer?.arrayBuffer().catch(() => undefined), left]);
      refused++;
      // What is refused at once would only keep this machine busy.
      if (answer?.status !== 402) await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };
  const sending = Promise.all(Array.from({ length: CONNECTIONS }, send));
  const stop = async () => {
    stopped = true;
    leaving.abort();
    await sending;
  };
  try {
    await expect.poll(() => facilitator.verifies + facilitator.settles - before, PATIENT).toBeGreaterThan(90);
  } catch (error) {
    // A flood that goes on would fail every case that follows.
    await stop();
    throw error;
  }
  return { refused: () => refused, stop };
}

async function expectRefused(asked: Promise<Response>): Promise<void> {
  const answer = await asked;
  await answer.clone().arrayBuffer();
  if (answer.status !== 429) expectChallenge(answer);
}
