import type { PaymentRequirements, SettlementResponse } from "../protocol/types.js";
import type { Awaitable, Reply } from "../seam.js";
import { within } from "../within.js";
import { problemReply } from "./problem.js";
import { internalReply } from "./replies.js";

/** The payment, as hooks see it. */
export interface HookPayment<Raw = unknown> {
  /** The framework's own request. */
  readonly request: Raw;
  /** The route's label, for example `GET /weather`. */
  readonly route: string;
  /** The signer, once the signature is verified. */
  readonly payer: string | undefined;
  /** The signer that the payment claims; not verified. */
  readonly claimedPayer: string | undefined;
  /** The accepted offer. */
  readonly offer: PaymentRequirements;
}

/**
 * The decision of a hook. `undefined`: continue. `refuse`: respond with this instead; nothing more is charged. `grant`:
 * the buyer gets the response without being charged.
 */
export type HookResult =
  | undefined
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing has the return type void
  | void
  | { readonly refuse: { readonly status?: number; readonly code: string; readonly detail?: string } }
  | { readonly grant: true };

/**
 * The seller's hooks around verify and settle. A hook that throws, takes more than five seconds or returns something
 * else denies the request.
 */
export interface Hooks<Raw = unknown> {
  /** The payment is well-formed and matches the offer; its signature is not verified yet. */
  beforeVerify?(payment: HookPayment<Raw>): Awaitable<HookResult>;
  /**
   * The facilitator found it valid; nothing is claimed yet. With `settle: "before"` neither verify nor this hook runs.
   */
  afterVerify?(payment: HookPayment<Raw>): Awaitable<HookResult>;
  /** The settle call is about to be sent. */
  beforeSettle?(payment: HookPayment<Raw>): Awaitable<HookResult>;
  /**
   * It is charged, and its response is about to be delivered for the first time; for a charge discovered later, when
   * its buyer collects. Runs at least once for every delivery not made in the background: again if the process ended
   * before it was recorded. A refusal here withholds the response, which is then owed: the same payment collects it.
   */
  afterSettle?(
    payment: HookPayment<Raw> & { readonly receipt: SettlementResponse },
  ): Awaitable<Exclude<HookResult, { grant: true }>>;
}

/** Milliseconds that a hook may take. */
const TIME_LIMIT = 5_000;

/** The result of a hook: `undefined` to go on, a Reply to deny, or a grant. */
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
