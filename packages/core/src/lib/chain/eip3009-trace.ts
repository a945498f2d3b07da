import type { Eip3009Charge } from "./charge.js";
import type { Deed, Trace } from "./deed.js";
import { type LogFilter, searchLogs } from "./logs.js";
import { isAuthorizationUsed, movedMoney, type Receipt, readCall, readReceipt } from "./node.js";
import type { Rpc } from "./rpc.js";
import { CANCELED, readTokenEvents, type TokenEvent, USED } from "./token-events.js";
import { encodeWords, type Hex, wordOf } from "./words.js";

/**
 * The calls that use an authorisation: `transferWithAuthorization` to any address and `receiveWithAuthorization` to the
 * caller, each with a signature in three parts and in one.
 */
export const CALLS: readonly Hex[] = ["0xe3ee160e", "0xcf092995", "0xef55bec6", "0x88b7ab63"];

/** What the token's events tell of one authorisation. */
type Use = Pick<Eip3009Charge, "from" | "to" | "value" | "nonce">;

/** How an EIP-3009 transfer shows: by the token's event for its nonce, and the movement beside it. */
export function eip3009Trace(charge: Eip3009Charge): Trace {
  const judge = async (rpc: Rpc, transaction: Hex, receipt: Receipt): Promise<Deed | undefined> => {
    const type = judgeEvents(readTokenEvents(receipt.logs, charge.token), charge);
    if (type !== "silent") return type && { type, transaction, receipt };
    // A call without any event may have come too late to use anything, so it proves nothing but a movement.
    if (!movedMoney(receipt, charge) || !(await isCallOf(rpc, transaction, charge))) return undefined;
    return { type: "paid", transaction, receipt };
  };
  return {
    isUsed: (rpc, block) => isAuthorizationUsed(rpc, charge, block),
    judge,
    search: async (rpc, blocks, pace) => {
      const { found } = await searchLogs(rpc, filterOf(charge), blocks, pace, async (logs) => {
        const uses = readTokenEvents(logs, charge.token).filter((event) => isUseOf(event, charge));
        return uses.length > 0 ? uses : undefined;
      });
      // A nonce is used once: a node that tells of two uses tells of two chains.
      const use = found?.length === 1 ? found[0] : undefined;
      const receipt = use && (await readReceipt(rpc, use.transaction));
      // The block may have gone between the two questions.
      if (!use || !receipt?.succeeded || receipt.blockHash !== use.blockHash) return undefined;
      return judge(rpc, use.transaction, receipt);
    },
  };
}

function filterOf({ token, from, nonce }: Eip3009Charge): LogFilter {
  return { address: token, topics: [[USED, CANCELED], wordOf(from), nonce] };
}

function isUseOf(event: TokenEvent, { from, nonce }: Use): boolean {
  return event.type !== "moved" && event.from === from && event.nonce === nonce;
}

/**
 * The outcome of one authorisation in one transaction. `silent`: the token logs no authorisation at all.
 * One transaction may hold several of the payer's, alike in all but the nonce, so one movement must not count twice.
 */
export function judgeEvents(events: readonly TokenEvent[], charge: Use): Deed["type"] | "silent" | undefined {
  if (events.every(({ type }) => type === "moved")) return "silent";
  const ours = events.filter((event) => isUseOf(event, charge));
  const [use] = ours;
  if (!use || ours.length !== 1) return undefined;
  if (use.type === "canceled") return "spent";
  const steps = events.filter(({ type, from }) => from === charge.from && type !== "canceled");
  if (!steps.some((step) => isPayment(step, charge))) return "spent";
  if (steps.filter(({ type }) => type === "used").length === 1) return "paid";
  // Tokens tell of each use either right before its movement or right after it, throughout.
  if (steps.some(({ type }, at) => (type === "used") !== (steps[at % 2]?.type === "used"))) return undefined;
  if (steps.length % 2 === 1 || steps[0]?.type === steps[1]?.type) return undefined;
  const movement = steps[steps.indexOf(use) + (steps[0]?.type === "used" ? 1 : -1)];
  return movement && isPayment(movement, charge) ? "paid" : "spent";
}

function isPayment(event: TokenEvent, { from, to, value }: Use): boolean {
  return event.type === "moved" && event.from === from && event.to === to && event.value === value;
}

/** Whether a transaction is nothing but this authorisation, handed to the token. */
async function isCallOf(rpc: Rpc, transaction: Hex, charge: Eip3009Charge): Promise<boolean> {
  const { from, to, value, validAfter, validBefore, nonce } = charge;
  const call = await readCall(rpc, transaction);
  const signed = encodeWords(from, to, value, validAfter, validBefore, nonce);
  return call?.to === charge.token && CALLS.some((selector) => call.input.startsWith(selector + signed));
}
