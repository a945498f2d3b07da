import { ConfigError } from "@turnpike/core";
import { chainIdOf, isAddress, networkNamed } from "@turnpike/core/chain";
import type { Hex } from "viem";
import { privateKeyToAddress } from "viem/accounts";

export interface LocalFacilitatorOptions {
  /** JSON-RPC endpoint of the chain. There is no default. */
  readonly rpcUrl: string;
  /** Key of the account that pays for gas: `0x` and 64 hexadecimal digits. No other process may send with it. */
  readonly privateKey: string;
  /** By name or CAIP-2 id: `base-sepolia`, `eip155:84532`. @default read from the endpoint at the first call */
  readonly network?: string;
  /** Contract addresses of the tokens to serve; set them if strangers can call it. @default any */
  readonly tokens?: readonly string[];
  /** Confirmations that a transfer needs, counting its own block. @default 1 */
  readonly confirmations?: number;
  /**
   * Milliseconds to wait for them before responding `settlement_pending`; less than the paywall's timeout for a
   * settlement. @default 25000
   */
  readonly settleTimeout?: number;
  /** Milliseconds for one request to the chain. @default 5000 */
  readonly rpcTimeout?: number;
  /** Gas limit of one transfer, including a contract wallet's check. @default 1000000n */
  readonly maxGas?: bigint;
  /**
   * Whether a repeated settle call returns the success of a settlement made by this process, to its first caller:
   * identified by the token that a paywall sends with it (over HTTP in `Turnpike-Settle-Token`). A paywall needs this
   * to recover after a broken connection. Other callers, and those without a token, are told that the authorisation is
   * used (scheme_exact.md, replay). `false`: no success is repeated. @default true
   */
  readonly retell?: boolean;
}

/** The options with their defaults. */
export interface LocalSettings extends Required<Omit<LocalFacilitatorOptions, "network" | "tokens" | "privateKey">> {
  readonly privateKey: Hex;
  readonly network: string | undefined;
  /** In lower case. */
  readonly tokens: ReadonlySet<string> | undefined;
}

/** @throws ConfigError with every problem. None of them quotes the key or the endpoint's address. */
export function readOptions(options: LocalFacilitatorOptions): LocalSettings {
  const network = networkNamed(options.network);
  const { rpcUrl, privateKey, tokens, confirmations = 1, maxGas = 1_000_000n, retell = true } = options;
  const { settleTimeout = 25_000, rpcTimeout = 5000 } = options;
  const checks: [valid: boolean, code: string, path: string, message: string][] = [
    [isHttpUrl(rpcUrl), "invalid_rpc_url", "rpcUrl", "give the http or https address of the chain's JSON-RPC endpoint"],
    [
      isPrivateKey(privateKey),
      "invalid_private_key",
      "privateKey",
      "a key must be 0x and 64 hexadecimal digits, and not zero",
    ],
    [
      network === undefined || chainIdOf(network) !== undefined,
      "invalid_network",
      "network",
      'give an EVM network by name or CAIP-2 id, such as "base-sepolia" or "eip155:84532"',
    ],
    [tokens?.every(isAddress) ?? true, "invalid_token", "tokens", "a token must be given by its contract address"],
    [isWithin(confirmations, 1, 1000), "invalid_confirmations", "confirmations", "give a whole number from 1 to 1000"],
    [isWithin(settleTimeout, 1, 600_000), "invalid_timeout", "settleTimeout", "give milliseconds from 1 to 600000"],
    [isWithin(rpcTimeout, 1, 60_000), "invalid_timeout", "rpcTimeout", "give milliseconds from 1 to 60000"],
    [typeof maxGas === "bigint" && maxGas > 0n, "invalid_gas", "maxGas", "give a bigint above 0n"],
  ];
  const problems = checks.filter(([valid]) => !valid).map(([, code, path, message]) => ({ code, path, message }));
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    rpcUrl,
    privateKey: privateKey as Hex,
    network,
    tokens: tokens && new Set(tokens.map((token) => token.toLowerCase())),
    confirmations,
    settleTimeout,
    rpcTimeout,
    maxGas,
    retell,
  };
}

function isHttpUrl(value: unknown): boolean {
  return typeof value === "string" && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function isPrivateKey(value: unknown): value is Hex {
  if (typeof value !== "string" || !/^0x[0-9a-fA-F]{64}$/.test(value)) return false;
  try {
    privateKeyToAddress(value as Hex);
    return true;
  } catch {
    return false;
  }
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
