import { ConfigError } from "@turnpike/core";
import { chainIdOf, isNodeUrl, networkNamed } from "@turnpike/core/chain";

export interface EvmChainOptions {
  /** JSON-RPC endpoint of the chain. There is no default. */
  readonly rpcUrl: string;
  /** The endpoint's chain, by name or CAIP-2 id: `base`, `eip155:8453`. */
  readonly network: string;
  /** Milliseconds in total to look up one payment. @default 5000 */
  readonly timeout?: number;
  /** Allows plain http to a host other than this machine, for private networks. @default false */
  readonly insecure?: boolean;
}

/** @throws ConfigError with every problem. None of them quotes the endpoint's address. */
export function readChainOptions(options: EvmChainOptions): Required<EvmChainOptions> {
  const { rpcUrl, timeout = 5000, insecure = false } = options;
  const network = networkNamed(options.network);
  const endpoint =
    "give the address of the chain's JSON-RPC endpoint: https (http only to this machine), no credentials";
  const checks: [valid: boolean, code: string, path: string, message: string][] = [
    [isNodeUrl(rpcUrl, insecure === true), "invalid_rpc_url", "rpcUrl", endpoint],
    [
      typeof network === "string" && chainIdOf(network) !== undefined,
      "invalid_network",
      "network",
      'give an EVM network by name or CAIP-2 id, such as "base" or "eip155:8453"',
    ],
    [
      Number.isInteger(timeout) && timeout >= 1 && timeout <= 60_000,
      "invalid_timeout",
      "timeout",
      "give milliseconds from 1 to 60000",
    ],
  ];
  const problems = checks.filter(([valid]) => !valid).map(([, code, path, message]) => ({ code, path, message }));
  if (problems.length > 0) throw new ConfigError(problems);
  return { rpcUrl, network, timeout, insecure };
}
