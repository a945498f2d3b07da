import { createPaywall, httpFacilitator, memoryStore, type RouteOptions, type Store } from "@turnpike/core";
import type { Outcome, PaywallRequest, PricedRoute } from "@turnpike/core/adapter";
import { decodeHeader, encodeHeader, parsePaymentPayload } from "@turnpike/core/protocol";
import { answer } from "../src/conversation.js";
import { type Cost, type Effort, measure, measureAsync } from "../src/measure.js";
import { createPayments, PAY_TO, readOffer, readOfferOf, SETTLED } from "../src/payment.js";
import { BODY, DESCRIPTION, instantFacilitator, MIME_TYPE, PRICE } from "../src/shop.js";

type Raw = Record<never, never>;
type Options = Partial<RouteOptions<Raw>>;

/** Keeps nothing: what is left is the engine. */
const noStore: Store = {
  name: "none",
  atomic: true,
  scope: "process",
  read: () => undefined,
  insert: () => true,
  replace: () => true,
  renew: () => true,
  answer: () => undefined,
  link: (_key, id) => id,
  linked: () => undefined,
  list: () => [],
};

function price(options: Options = {}, store = noStore, facilitator = instantFacilitator): PricedRoute<Raw> {
  const paywall = createPaywall<Raw>({
    payTo: PAY_TO,
    network: "base-sepolia",
    facilitator,
    store,
    reconcileSeconds: 0,
  });
  const route: RouteOptions<Raw> = { price: PRICE, description: DESCRIPTION, mimeType: MIME_TYPE, ...options };
  return paywall.price<Raw>(route, "GET /weather");
}

function request(payment?: string, target = "/weather", accept = "*/*"): PaywallRequest<Raw> {
  return {
    method: "GET",
    raw: {},
    header: (name) => (name === "payment-signature" ? payment : name === "accept" ? accept : undefined),
    url: () => `https://api.example.com${target}`,
    params: () => ({}),
    address: () => "203.0.113.7",
  };
}

const body = Buffer.from(JSON.stringify(BODY));
const outcome: Outcome = {
  status: 200,
  aborted: false,
  whole: true,
  headers: () => [
    ["Content-Type", "application/json; charset=utf-8"],
    ["Content-Length", String(body.length)],
    ["ETag", 'W/"24-tPdc1oQ0IBtwqXGsgMDFJLCa4yo"'],
  ],
  body,
};

async function offerOf(route: PricedRoute<Raw>): Promise<string> {
  const decision = await route.admit(request());
  if (decision.type === "reply") return readOfferOf(decision.reply.headers);
  throw new Error("An unpaid request was let through");
}

async function pay(route: PricedRoute<Raw>, payment: string): Promise<void> {
  const decision = await route.admit(request(payment));
  if (decision.type !== "admit") {
    throw new Error(`A payment was not taken: ${decision.type === "reply" ? decision.reply.body : decision.type}`);
  }
  const conclusion = await decision.ticket.conclude(outcome);
  if (conclusion.type !== "release") throw new Error(`A paid answer was withheld: ${conclusion.reply.body}`);
  decision.ticket.delivered(true);
}

/** A route that has served its first payment, so that it knows its facilitator; and payments for it. */
async function open(options?: Options, store?: Store) {
  const route = price(options, store);
  await pay(route, createPayments(readOffer(await offerOf(route)))());
  const next = createPayments(readOffer(await offerOf(route)));
  return { route, payments: (count: number) => Array.from({ length: count }, next) };
}

async function measureUnpaid(effort: Effort, target: (i: number) => string, accept?: string): Promise<Cost> {
  const { route } = await open();
  return measure((i) => route.admit(request(undefined, target(i), accept)), effort);
}

async function measurePaid(effort: Effort, options?: Options, store?: Store): Promise<Cost> {
  const { route, payments } = await open(options, store);
  return measureAsync(payments, (payment) => pay(route, payment), effort);
}

async function measureRefused(effort: Effort, spoil: (payment: string) => string): Promise<Cost> {
  const { route, payments } = await open();
  const spoilt = (count: number) => payments(count).map(spoil);
  const refused = async (payment: string) => {
    const decision = await route.admit(request(payment));
    if (decision.type !== "reply") throw new Error("A spoilt payment was let through");
  };
  return measureAsync(spoilt, refused, effort);
}

const rewrite = (from: string, to: string) => (payment: string) =>
  Buffer.from(Buffer.from(payment, "base64").toString().replace(from, to)).toString("base64");

async function measureEngine(effort: Effort): Promise<Record<string, Cost>> {
  let path = 0;
  const dynamic = await open({ price: () => PRICE });
  const sample = (await open()).payments(1)[0] as string;
  const decoded = decodeHeader(sample);
  const value = "value" in decoded ? decoded.value : undefined;
  const many = (count: number) => Array.from({ length: count });
  return {
    unpaid: await measureUnpaid(effort, () => "/weather"),
    unpaidPage: await measureUnpaid(effort, () => "/weather", "text/html,application/xhtml+xml,*/*;q=0.8"),
    unpaidNewPath: await measureUnpaid(effort, () => `/items/${++path}`),
    unpaidFunction: await measureAsync(many, () => dynamic.route.admit(request()), effort),
    paid: await measurePaid(effort),
    paidMemory: await measurePaid(effort, {}, memoryStore()),
    paidBefore: await measurePaid(effort, { settle: "before" }),
    refusedShape: await measureRefused(effort, (payment) => `${payment.slice(0, -8)}!`),
    refusedOffer: await measureRefused(effort, rewrite('"amount":"10000"', '"amount":"9999"')),
    refusedAmount: await measureRefused(effort, rewrite('"value":"10000"', '"value":"9999"')),
    decode: measure(() => decodeHeader(sample), effort),
    shape: measure(() => parsePaymentPayload(value), effort),
    receipt: measure(() => encodeHeader(SETTLED), effort),
  };
}

/** One call of the facilitator client, over HTTP. */
async function measureCall({ effort, url }: { effort: Effort; url: string }): Promise<Cost> {
  const { payments } = await open();
  const facilitator = httpFacilitator(url);
  const bodies = (count: number) =>
    payments(count).map((payment) => {
      const decoded = decodeHeader(payment);
      const parsed = parsePaymentPayload("value" in decoded ? decoded.value : undefined);
      if ("problem" in parsed) throw new Error(parsed.problem);
      const { value } = parsed;
      return { x402Version: 2 as const, paymentPayload: value, paymentRequirements: value.accepted };
    });
  const verify = (body: ReturnType<typeof bodies>[number]) =>
    facilitator.verify(body, { signal: new AbortController().signal });
  return measureAsync(bodies, verify, effort);
}

/** How often one paid request that is settled before the handler asks the facilitator. */
async function countCalls(): Promise<number> {
  let calls = 0;
  const { verify, settle } = instantFacilitator;
  const route = price({ settle: "before" }, noStore, {
    ...instantFacilitator,
    verify: (request) => {
      calls++;
      return verify(request);
    },
    settle: (request) => {
      calls++;
      return settle(request);
    },
  });
  await pay(route, createPayments(readOffer(await offerOf(route)))());
  return calls;
}

/** Characters of the `PAYMENT-REQUIRED` header, on one network and on two. */
async function measureHeaders(): Promise<{ one: number; two: number }> {
  const payTo = { eip155: PAY_TO, solana: "EGBQqKn968sVv5cQh5Cr72pSTHfxsuzq7o7asqYB5uEV" };
  const feePayer = { feePayer: "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4" };
  const networks = ["eip155:84532", "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1"];
  const both = createPaywall<Raw>({
    payTo,
    network: ["base-sepolia", "solana-devnet"],
    facilitator: {
      ...instantFacilitator,
      supported: async () => ({
        kinds: networks.map((network) => ({ x402Version: 2, scheme: "exact", network, extra: feePayer })),
        extensions: [],
        signers: {},
      }),
    },
  });
  const two = both.price<Raw>({ price: PRICE, description: DESCRIPTION, mimeType: MIME_TYPE }, "GET /weather");
  return { one: (await offerOf(price())).length, two: (await offerOf(two)).length };
}

answer({ engine: measureEngine, call: measureCall, calls: countCalls, headers: measureHeaders });
