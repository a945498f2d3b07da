import type { Hex } from "viem";
import { parseEventLogs } from "viem/utils";
import { tokenAbi } from "./abi.js";
import { lower } from "./transfer.js";

/** Where a log stands. */
interface Place {
  readonly transaction: Hex;
  readonly blockHash: Hex;
}

/** What a token says that it did. In lower case. */
export type TokenEvent = Place &
  (
    | { readonly type: "used" | "canceled"; readonly from: Hex; readonly nonce: Hex }
    | { readonly type: "moved"; readonly from: Hex; readonly to: Hex; readonly value: bigint }
  );

/** The token's own events among whatever logs, in their order. */
export function readTokenEvents(logs: readonly unknown[], token: Hex): readonly TokenEvent[] {
  const parsed = parseEventLogs({ abi: tokenAbi, logs: logs as Parameters<typeof parseEventLogs>[0]["logs"] });
  return parsed.flatMap((log): TokenEvent[] => {
    if (log.removed || log.address.toLowerCase() !== token) return [];
    const place = { transaction: lower(log.transactionHash as Hex), blockHash: log.blockHash as Hex };
    if (log.eventName === "Transfer") {
      const { from, to, value } = log.args;
      return [{ type: "moved", from: lower(from), to: lower(to), value, ...place }];
    }
    const { authorizer, nonce } = log.args;
    const type = log.eventName === "AuthorizationUsed" ? "used" : "canceled";
    return [{ type, from: lower(authorizer), nonce: lower(nonce), ...place }];
  });
}
