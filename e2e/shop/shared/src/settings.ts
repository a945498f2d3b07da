import { type Network, network, type PaywallConfig, type Store } from "@turnpike/core";
import { evmChain } from "@turnpike/evm";
import { readStore, type StoreSetting } from "@turnpike/shop-shared/store-setting";

/** Variables by name; workerd gives null for those that are not set. */
export type Environment = Readonly<Record<string, string | null | undefined>>;

/** What the shop was started with, checked. */
export interface Settings {
  /** 0 picks a free one. */
  readonly port: number;
  readonly facilitators: readonly string[];
  readonly payTo: string;
  /** CAIP-2 id. */
  readonly network: Network;
  /** The public origin, if one was given. */
  readonly origin: string | undefined;
  readonly token: Token | undefined;
  readonly facilitatorTimeout: number | undefined;
  readonly store: StoreSetting;
  /** JSON-RPC node of the network, if outcomes are to be checked there. */
  readonly rpcUrl: string | undefined;
  /** Days for which sales stay on record. */
  readonly retain: number | "forever" | undefined;
  /** Keys the digests of credentials. */
  readonly secret: string | undefined;
}

interface Token {
  readonly address: string;
  readonly name: string;
  readonly version: string;
  readonly decimals: number;
}

/** The shop cannot be started like this. The message is one line. */
export class SettingsError extends Error {}

const token = ["ASSET", "ASSET_NAME", "ASSET_VERSION", "ASSET_DECIMALS"];

/** @throws SettingsError with everything that is wrong, in one line */
export function readSettings(environment: Environment): Settings {
  const problems: string[] = [];
  const read = (name: string, otherwise = "") => environment[name]?.trim() || otherwise;
  const need = (name: string) => {
    const value = read(name);
    if (value === "") problems.push(`${name} is not set`);
    return value;
  };
  const number = (name: string, max: number) => {
    const value = read(name);
    if (value === "") return undefined;
    if (!/^\d{1,9}$/.test(value) || Number(value) > max) problems.push(`${name} is no whole number up to ${max}`);
    return Number(value);
  };
  const store = readStore(read("STORE", "memory"));
  if (store === undefined)
    problems.push("STORE is none of memory, file:<path>, redis://<address> and postgres://<address>");
  const settings = {
    port: number("PORT", 65_535) ?? 0,
    facilitators: need("FACILITATOR_URL")
      .split(",")
      .map((url) => url.trim())
      .filter((url) => url !== ""),
    payTo: need("PAY_TO"),
    network: network(read("NETWORK", "eip155:84532")),
    origin: read("ORIGIN") || undefined,
    token: token.some((name) => read(name) !== "")
      ? {
          address: need("ASSET"),
          name: need("ASSET_NAME"),
          version: need("ASSET_VERSION"),
          decimals: number("ASSET_DECIMALS", 36) ?? Number.NaN,
        }
      : undefined,
    facilitatorTimeout: number("FACILITATOR_TIMEOUT_MS", 600_000),
    store: store ?? { kind: "memory" as const },
    rpcUrl: read("EVM_RPC_URL") || undefined,
    retain: read("RETAIN_DAYS") === "forever" ? ("forever" as const) : number("RETAIN_DAYS", 36_500),
    secret: read("SECRET") || undefined,
  };
  if (settings.token) need("ASSET_DECIMALS");
  if (problems.length > 0) throw new SettingsError(problems.join("; "));
  return settings;
}

/**
 * The engine's configuration.
 * @param origin where the shop listens
 * @param store of the kind that the settings name; nothing for the library's own memory
 * @throws ConfigError if the node on chain cannot be asked
 */
export function createConfig(settings: Settings, origin: string, store?: Store): PaywallConfig {
  const { token, network, facilitators, payTo, facilitatorTimeout, rpcUrl, retain, secret } = settings;
  return {
    payTo,
    network,
    facilitator: facilitators,
    origin: settings.origin ?? origin,
    ...(facilitatorTimeout === undefined ? {} : { facilitatorTimeout }),
    ...(rpcUrl === undefined ? {} : { chain: evmChain({ rpcUrl, network }) }),
    ...(store === undefined ? {} : { store }),
    ...(retain === undefined ? {} : { retain }),
    ...(secret === undefined ? {} : { secret }),
    ...(token ? forToken(network, token) : {}),
  };
}

/** Another token, on a network that the library may not know. */
function forToken(network: string, { address, name, version, decimals }: Token): Partial<PaywallConfig> {
  const eip712 = { name, version };
  return {
    asset: address,
    networks: [{ id: network, name: network, title: network, testnet: true }],
    tokens: [{ network, symbol: "TOKEN", address, decimals, dollar: true, eip712 }],
  };
}
