import { ConfigError } from "@turnpike/core";
import { chainIdOf, isAddress, isNodeUrl, networkNamed } from "@turnpike/core/chain";
import type { Hex } from "viem";
import { type LocalAccount, privateKeyToAccount } from "viem/accounts";

/** A viem account, or a compatible signer. It must sign the same transaction identically every time. */
export type RefundAccount = Pick<LocalAccount, "address" | "signTransaction">;

export interface EvmRefundOptions {
  /** The chain that the endpoint serves, by name or CAIP-2 id: `base`, `eip155:8453`. */
  readonly network: string;
  /** JSON-RPC endpoint of the chain. There is no default. */
  readonly rpcUrl: string;
  /** The paying account, from viem. Either this or `privateKey`. */
  readonly account?: RefundAccount;
  /** The key of that account: `0x` and 64 hexadecimal digits. */
  readonly privateKey?: string;
  /** Confirmations that the transfer needs, counting its own block, to count as refunded. @default 6 */
  readonly confirmations?: number;
  /** Milliseconds to wait for them. An unconfirmed refund is resumed by the next call. @default 120000 */
  readonly timeout?: number;
  /** Milliseconds for one request to the chain. @default 10000 */
  readonly rpcTimeout?: number;
  /**
   * Also refund payments that the node does not show as paid: for a node without history, or a charge that you verified
   * yourself. @default false
   */
  readonly trustRecord?: boolean;
  /** Allows plain http to a host other than this machine, for networks that are private. @default false */
  readonly insecure?: boolean;
}

export interface RefundSettings
  extends Required<Omit<EvmRefundOptions, "network" | "account" | "privateKey" | "insecure">> {
  /** CAIP-2 id. */
  readonly network: string;
  readonly chainId: number;
  readonly account: RefundAccount;
}

/** @throws ConfigError with every problem. None of them quotes the key or the endpoint's address. */
export function readRefundOptions(options: EvmRefundOptions): RefundSettings {
  const { rpcUrl, confirmations = 6, timeout = 120_000, rpcTimeout = 10_000 } = options;
  const { trustRecord = false, insecure = false } = options;
  const network = networkNamed(options.network);
  const chainId = typeof network === "string" ? chainIdOf(network) : undefined;
  const account = readAccount(options);
  const endpoint =
    "give the address of the chain's JSON-RPC endpoint: https (http only to this machine), no credentials";
  const checks: [valid: boolean, code: string, path: string, message: string][] = [
    [isNodeUrl(rpcUrl, insecure === true), "invalid_rpc_url", "rpcUrl", endpoint],
    [
      chainId !== undefined,
      "invalid_network",
      "network",
      'give an EVM network by name or CAIP-2 id, such as "base" or "eip155:8453"',
    ],
    [
      account !== undefined,
      "invalid_private_key",
      "privateKey",
      "give either an `account` that signs transactions, or a `privateKey`: 0x and 64 hexadecimal digits, and not zero",
    ],
    [isWithin(confirmations, 1, 1000), "invalid_confirmations", "confirmations", "give a whole number from 1 to 1000"],
    [isWithin(timeout, 1, 3_600_000), "invalid_timeout", "timeout", "give milliseconds from 1 to 3600000"],
    [isWithin(rpcTimeout, 1, 60_000), "invalid_timeout", "rpcTimeout", "give milliseconds from 1 to 60000"],
  ];
  const problems = checks.filter(([valid]) => !valid).map(([, code, path, message]) => ({ code, path, message }));
  if (problems.length > 0 || chainId === undefined || !account) throw new ConfigError(problems);
  return { network, chainId, rpcUrl, account, confirmations, timeout, rpcTimeout, trustRecord: trustRecord === true };
}

function readAccount({ account, privateKey }: EvmRefundOptions): RefundAccount | undefined {
  if ((account === undefined) === (privateKey === undefined)) return undefined;
  if (privateKey !== undefined) {
    if (typeof privateKey !== "string" || !/^0x[0-9a-fA-F]{64}$/.test(privateKey)) return undefined;
    try {
      return privateKeyToAccount(privateKey as Hex);
    } catch {
      return undefined;
    }
  }
  return isAddress(account?.address) && typeof account.signTransaction === "function" ? account : undefined;
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
