import {
  type ChainFinding,
  createPaywall,
  type Facilitator,
  memoryStore,
  type Paywall,
  type Reading,
  type Store,
  type StoredPayment,
} from "@turnpike/core";
import type { Outcome, PaywallRequest, PricedRoute, Reply, Ticket } from "@turnpike/core/adapter";
import type { PaymentPayload, PaymentRequired, SettlementResponse } from "@turnpike/core/protocol";
import { decodeHeader, encodeHeader } from "../../src/index.js";

/** What a facilitator does with the next settlement. */
export type SettleFault =
  | "honest"
  | "lost after"
  | "lost before"
  | "refused"
  | "pending"
  | "contradicts"
  | "unsent"
  /** The seller's process dies while the call is open. */
  | "dies after"
  | "dies before"
  /** The process loses its lease while the call is open, another one looks at the payment, and then the success comes. */
  | "stalls";

/** What the store does with the next write: it fails, having written or not. */
export type StoreFault = "fails before" | "fails after";

/** A run of the handler that is under way in the process that is alive. */
export interface Run {
  readonly ticket: Ticket;
  readonly payment: number;
  concluded: boolean;
}

const NETWORK = "eip155:84532";
const PAY_TO = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
const PAYER = "0x69D7DD9E17C3112B84E2B4eC932976C8f8DEAAD0";

/**
 * A small world in which payments are made: one seller whose process may die, one facilitator that may fail in every way,
 * and a chain that never lies. What the engine says is held against what the chain knows.
 */
export class World {
  readonly settle: "after" | "before" | "background";
  readonly asked: boolean;
  /** Payments that the chain has settled, with how often. */
  readonly charges = new Map<number, number>();
  /** Payments whose answer a client holds in its hands. */
  readonly delivered = new Map<number, number>();
  /** Payments whose money went back, with how many answers clients held by then. */
  readonly refunded = new Map<number, number>();
  /** Payments of whose charge a process that is alive has heard, and could write it down. */
  readonly heard = new Set<number>();
  /** Answers that left, whether they arrived or not, before they were paid. */
  runs: Run[] = [];
  faults: SettleFault[] = [];
  storeFaults: StoreFault[] = [];
  readonly store: Store;
  readonly #dead = new Set<string>();
  readonly #pending = new Set<number>();
  readonly #cancelled = new Set<number>();
  /** Payments that are held, by holder. */
  #holders = new Map<string, number>();
  #paywall: Paywall;
  #route: PricedRoute;
  #requirements: PaymentPayload["accepted"] | undefined;

  /** @param asked whether the seller asks the chain */
  constructor(settle: "after" | "before" | "background", asked: boolean) {
    this.settle = settle;
    this.asked = asked;
    this.store = this.#mortal(memoryStore());
    [this.#paywall, this.#route] = this.#start();
  }

  /** A request with this payment; the handler begins, or here is the engine's answer. */
  async ask(payment: number): Promise<Reply | undefined> {
    const decision = await this.#route.admit(this.#request(await this.#header(payment)));
    if (decision.type === "reply") {
      if (decision.reply.status === 200) this.#received(payment);
      return decision.reply;
    }
    if (decision.type === "pass") throw new Error("nobody granted this request");
    this.runs.push({ ticket: decision.ticket, payment, concluded: false });
    return undefined;
  }

  /** The handler comes to an end, and the client takes the answer or does not. */
  async conclude(run: Run, end: "fine" | "streamed" | "error" | "client left", arrives: boolean): Promise<void> {
    run.concluded = true;
    const conclusion = await run.ticket.conclude(OUTCOMES[end]);
    const sold = conclusion.type === "release" && (end === "fine" || end === "streamed");
    if (sold && arrives) this.#received(run.payment);
    await run.ticket.delivered(sold && arrives);
    this.runs = this.runs.filter((other) => other !== run);
  }

  /** The payer spends the payment's nonce without paying; too late if it has settled. */
  cancel(payment: number): void {
    if (!this.charges.has(payment)) this.#cancelled.add(payment);
  }

  /** The process dies, with everything in it, and another one starts on the same store. */
  die(): void {
    this.#lapse();
    this.heard.clear();
    this.runs = [];
    // A dead process renews nothing and writes nothing: its engine gets a store that refuses it.
    this.#epoch++;
    [this.#paywall, this.#route] = this.#start();
  }
  #epoch = 0;

  /** The seller gives back what is owed for a payment, and says so. */
  async refund(payment: number): Promise<void> {
    const { payments } = await this.#paywall.payments({ states: ["owed"], limit: 1_000 });
    for (const { id } of payments) {
      if (numberOfRecord(id) !== payment) continue;
      // A buyer may be quicker, and a store may fail: then it is owed, or refunded, as the record says.
      await this.#paywall.resolve(id, "refunded", { note: "by bank" }).catch(() => {});
    }
  }

  async reconcile(): Promise<void> {
    await this.#paywall.reconcile();
  }

  async records() {
    return (await this.store.list({ order: "newest", limit: 1_000 })).map(({ record }) => record);
  }

  /** The leases run out: of one payment, or all. */
  #lapse(only?: number): void {
    for (const [holder, payment] of this.#holders) {
      if (only !== undefined && payment !== only) continue;
      this.#dead.add(holder);
      this.#holders.delete(holder);
    }
  }

  #received(payment: number): void {
    this.delivered.set(payment, (this.delivered.get(payment) ?? 0) + 1);
  }

  #start(): [Paywall, PricedRoute] {
    const epoch = this.#epoch;
    const alive = (): void => {
      if (epoch !== this.#epoch) throw new Error("this process is dead");
    };
    const store = Object.fromEntries(
      Object.entries(this.store).map(([name, part]) => [
        name,
        typeof part === "function"
          ? (...args: unknown[]) => {
              alive();
              return (part as (...all: unknown[]) => unknown)(...args);
            }
          : part,
      ]),
    ) as unknown as Store;
    const paywall = createPaywall({
      payTo: PAY_TO,
      network: NETWORK,
      facilitator: this.#facilitator(),
      store,
      settle: this.settle,
      reconcileSeconds: 0,
      logger: false,
      limits: false,
      ...(this.asked ? { chain: { networks: [NETWORK], find: ({ payload }) => this.#find(numberOf(payload)) } } : {}),
    });
    return [paywall, paywall.price("$0.01", "GET /x")];
  }

  #find(payment: number): ChainFinding {
    if (this.#cancelled.has(payment)) return { type: "spent", final: true };
    if (!this.charges.has(payment) || this.#pending.has(payment)) return { type: "unused", expired: false };
    return { type: "settled", transaction: transactionOf(payment), final: true, own: true };
  }

  #facilitator(): Facilitator {
    const act = (payment: number): SettlementResponse => {
      if (this.#cancelled.has(payment)) return failed("nonce_used");
      const known = this.charges.get(payment);
      if (known && !this.#pending.delete(payment)) return failed("nonce_used");
      if (!known) this.charges.set(payment, 1);
      return { success: true, transaction: transactionOf(payment), network: NETWORK, payer: PAYER };
    };
    return {
      id: "world",
      supported: async () => ({
        kinds: [{ x402Version: 2, scheme: "exact", network: NETWORK }],
        extensions: [],
        signers: {},
      }),
      verify: async ({ paymentPayload }) =>
        this.charges.has(numberOf(paymentPayload)) || this.#cancelled.has(numberOf(paymentPayload))
          ? { isValid: false, invalidReason: "invalid_transaction_state", payer: PAYER }
          : { isValid: true, payer: PAYER },
      settle: async ({ paymentPayload }) => {
        const payment = numberOf(paymentPayload);
        const { FacilitatorError } = await import("@turnpike/core");
        switch (this.faults.shift() ?? "honest") {
          case "honest":
            return act(payment);
          case "lost after":
            act(payment);
            throw new FacilitatorError("facilitator_disconnected", "lost", { sent: true });
          case "lost before":
            throw new FacilitatorError("facilitator_timeout", "lost", { sent: true });
          case "refused":
            return failed("insufficient_funds");
          case "dies after":
            act(payment);
            this.die();
            throw new FacilitatorError("facilitator_disconnected", "lost", { sent: true });
          case "dies before":
            this.die();
            throw new FacilitatorError("facilitator_disconnected", "lost", { sent: true });
          case "stalls": {
            const epoch = this.#epoch;
            const done = act(payment);
            this.#lapse(payment);
            // A store that fails the other process may leave it the lease: the success is written down after that.
            const sound = this.storeFaults.length === 0;
            await this.#start()[0].reconcile();
            if (done.success && epoch === this.#epoch && sound) this.heard.add(payment);
            return done;
          }
          case "pending": {
            const done = act(payment);
            if (done.success) this.#pending.add(payment);
            return { ...done, success: false, errorReason: "settlement_pending" };
          }
          case "contradicts":
            return { ...act(payment), network: "eip155:1" };
          case "unsent":
            throw new FacilitatorError("facilitator_unreachable", "unsent", { sent: false });
        }
      },
    };
  }

  /** The store, in which the leases of the dead have run out. */
  #mortal(store: Store): Store {
    const judge = (reading: Reading): Reading => ({
      record: reading.record,
      leased: reading.leased && !this.#dead.has(reading.record.holder),
    });
    return {
      ...store,
      read: async (id) => {
        const reading = await store.read(id);
        return reading && judge(reading);
      },
      insert: (record, lease) => {
        this.#leased(record);
        return store.insert(record, lease);
      },
      replace: async (record, version, lease, answer) => {
        const fault = this.storeFaults.shift();
        if (fault === "fails before") throw new Error("the store failed");
        const written = await store.replace(record, version, lease, answer);
        if (written) this.#leased(record);
        if (fault === "fails after") throw new Error("the store failed, after it had written");
        return written;
      },
      list: async ({ lapsed, ...query }) => {
        const found = (await store.list({ ...query, limit: 1_000 })).map(judge);
        return lapsed ? found.filter(({ leased }) => !leased) : found;
      },
    };
  }

  #leased({ holder, id }: StoredPayment): void {
    this.#holders.set(holder, numberOfRecord(id));
    this.#dead.delete(holder);
  }

  async #header(payment: number): Promise<string> {
    if (!this.#requirements) {
      const decision = await this.#route.admit(this.#request());
      const { headers } = (decision as { readonly reply: Reply }).reply;
      const header = headers.find(([name]) => name === "PAYMENT-REQUIRED")?.[1] ?? "";
      this.#requirements = (decodeHeader(header) as PaymentRequired).accepts[0];
    }
    const now = Math.floor(Date.now() / 1000);
    return encodeHeader({
      x402Version: 2,
      accepted: this.#requirements,
      payload: {
        signature: `0x${"ab".repeat(65)}`,
        authorization: {
          from: PAYER,
          to: PAY_TO,
          value: "10000",
          validAfter: "0",
          // A day ahead, and the same for every copy of one payment.
          validBefore: String(now - (now % 86_400) + 2 * 86_400),
          nonce: `0x${payment.toString(16).padStart(64, "0")}`,
        },
      },
    });
  }

  #request(payment?: string): PaywallRequest {
    return {
      method: "GET",
      raw: {},
      header: (name) => (name === "payment-signature" ? payment : undefined),
      url: () => "http://127.0.0.1/x",
      params: () => ({}),
      address: () => undefined,
    };
  }
}

const OUTCOMES: Record<"fine" | "streamed" | "error" | "client left", Outcome> = {
  fine: { status: 200, aborted: false, whole: true, headers: () => [], body: new Uint8Array([1]) },
  streamed: { status: 200, aborted: false, whole: false, headers: () => [] },
  error: { status: 500, aborted: false, whole: true, headers: () => [] },
  "client left": { status: 200, aborted: true, whole: false, headers: () => [] },
};

/** The number of the payment that a record, or an attempt at it, is about. */
export const numberOfRecord = (id: string): number => Number(id.split("#")[0]?.split(":").at(-1));
const numberOf = ({ payload }: PaymentPayload): number =>
  Number((payload.authorization as { readonly nonce: string }).nonce);
const transactionOf = (payment: number): string => `0x${payment.toString(16).padStart(64, "0")}`;
const failed = (errorReason: string): SettlementResponse => ({
  success: false,
  errorReason,
  transaction: "",
  network: NETWORK,
  payer: PAYER,
});
