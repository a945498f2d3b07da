import { addressIn, decodeWords, type Hex, isAddress, isWord, lower } from "./words.js";

/** `Transfer(address,address,uint256)` */
export const MOVED: Hex = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/** `AuthorizationUsed(address,bytes32)` */
export const USED: Hex = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
/** `AuthorizationCanceled(address,bytes32)` */
export const CANCELED: Hex = "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81";
/** `UnorderedNonceInvalidation(address,uint256,uint256)` of Permit2: a payer makes nonces invalid. */
export const INVALIDATED: Hex = "0x3704902f963766a4e561bbaab6e6cdc1b1dd12f6e9e99648da8843b3f46b918d";

/** Where a log is. */
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
  return readLogs(logs, token).flatMap(({ topics: [kind, first, second, ...more], data, ...place }): TokenEvent[] => {
    if (!first || !second || more.length > 0) return [];
    const from = addressIn(first);
    if (kind === USED) return [{ type: "used", from, nonce: second, ...place }];
    if (kind === CANCELED) return [{ type: "canceled", from, nonce: second, ...place }];
    const [value] = kind === MOVED ? (decodeWords(data, 1) ?? []) : [];
    return value === undefined ? [] : [{ type: "moved", from, to: addressIn(second), value, ...place }];
  });
}

/** Nonces that an owner has made invalid at Permit2: bits of a word of 256. */
export function readInvalidations(logs: readonly unknown[], permit2: Hex) {
  return readLogs(logs, permit2).flatMap(({ topics: [kind, owner, ...more], data, transaction }) => {
    const [word, mask] = kind === INVALIDATED && more.length === 0 ? (decodeWords(data, 2) ?? []) : [];
    if (!owner || word === undefined || mask === undefined) return [];
    return [{ owner: addressIn(owner), word, mask, transaction }];
  });
}

interface Log extends Place {
  readonly topics: readonly Hex[];
  readonly data: unknown;
}

/** One contract's logs, in lower case. What the node itself calls removed, or what is no log, is left out. */
function readLogs(logs: readonly unknown[], contract: Hex): readonly Log[] {
  return logs.flatMap((log): Log[] => {
    if (typeof log !== "object" || log === null) return [];
    const { address, topics, data, removed, transactionHash, blockHash } = log as Readonly<Record<string, unknown>>;
    if (removed || !isAddress(address) || lower(address) !== contract) return [];
    if (!Array.isArray(topics) || !topics.every(isWord)) return [];
    const place = { transaction: lower(String(transactionHash)), blockHash: lower(String(blockHash)) };
    return [{ topics: topics.map(lower), data, ...place }];
  });
}
