import type { PaymentRequirements, SettlementResponse } from "../protocol/types.js";
import type { Awaitable, Reply } from "../seam.js";
import { within } from "../within.js";
import { problemReply } from "./problem.js";
import { internalReply } from "./replies.js";

/** What a hook is told of a payment. */
export interface HookPayment<Raw = unknown> {
  /** The framework's own request. */
  readonly request: Raw;
  /** The route's label, for example `GET /weather`. */
  readonly route: string;
  /** Who has signed, once that is proven. */
  readonly payer: string | undefined;
  /** Who the payment says has signed; anybody can write anything there. */
  readonly claimedPayer: string | undefined;
  /** What is offered and accepted. */
  readonly offer: PaymentRequirements;
}

/**
 * A hook's say. Nothing: go on. `refuse`: answer with this instead; nothing is charged that is not charged yet.
 * `grant`: the buyer gets the answer, and is not charged.
 */
export type HookResult =
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing has the return type void
  | void
  | { readonly refuse: { readonly status?: number; readonly code: string; readonly detail?: string } }
  | { readonly grant: true };

/**
 * The seller's own say around verify and settle. A hook that throws, takes more than five seconds or returns something
 * else denies the request.
 */
export interface Hooks<Raw = unknown> {
  /** The payment is sound in itself, and its signature is not proven yet. */
  beforeVerify?(payment: HookPayment<Raw>): Awaitable<HookResult>;
  /** The facilitator finds it valid; nothing is claimed yet. With `settle: "before"` there is no verify, nor this hook. */
  afterVerify?(payment: HookPayment<Raw>): Awaitable<HookResult>;
  /** The settle call is about to leave. */
  beforeSettle?(payment: HookPayment<Raw>): Awaitable<HookResult>;
  /**
   * It is charged, and its response is about to be delivered for the first time; of a charge that was found out later, once
   * its buyer collects. At least once for every delivery that was not made in the background: again where the process ended
   * before it was written down. A refusal here withholds the answer, which is then owed: the same payment collects it.
   */
  afterSettle?(
    payment: HookPayment<Raw> & { readonly receipt: SettlementResponse },
  ): Awaitable<Exclude<HookResult, { grant: true }>>;
}

/** Milliseconds that a hook may take. */
const TIME_LIMIT = 5_000;

/** What became of a hook: `undefined` to go on, a Reply to deny, or a grant. */
export async function askHook<P>(
  hook: ((payment: P) => Awaitable<unknown>) | undefined,
  payment: P,
): Promise<undefined | Reply | "granted"> {
  if (!hook) return undefined;
  try {
    const late = () => Promise.reject(new Error("The hook took too long"));
    const result = await within(Promise.resolve(hook(payment)), TIME_LIMIT, late);
    return result === undefined ? undefined : readResult(result);
  } catch (error) {
    return failed(error);
  }
}

function readResult(result: unknown): Reply | "granted" {
  const { grant, refuse } = (typeof result === "object" && result !== null ? result : {}) as Record<string, unknown>;
  if (grant === true) return "granted";
  const {
    status = 403,
    code,
    detail,
  } = (typeof refuse === "object" && refuse !== null ? refuse : {}) as Record<string, unknown>;
  if (typeof code !== "string" || !/^[a-z0-9_]{1,64}$/.test(code)) return failed(nonsense());
  if (!Number.isInteger(status) || (status as number) < 400 || (status as number) > 599) return failed(nonsense());
  const text = typeof detail === "string" ? detail : "The seller rejected this payment.";
  return problemReply({ status: status as number, code, detail: text });
}

const nonsense = () =>
  new TypeError("A hook must return nothing, { grant: true } or { refuse: { code } }, with a status of 400 or more");

function failed(error: unknown): Reply {
  return internalReply("hook_failed", "The server's own check of the payment failed.", error);
}
