import type { PaywallConfig } from "@turnpike/core";

/** Variables by name; workerd gives null for those that are not set. */
export type Environment = Readonly<Record<string, string | null | undefined>>;

/** What the shop was started with, checked. */
export interface Settings {
  /** 0 picks a free one. */
  readonly port: number;
  readonly facilitators: readonly string[];
  readonly payTo: string;
  /** CAIP-2 id. */
  readonly network: string;
  /** The public origin, if one was given. */
  readonly origin: string | undefined;
  readonly token: Token | undefined;
  readonly facilitatorTimeout: number | undefined;
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
  if (read("STORE", "memory") !== "memory") problems.push("STORE can only be memory so far");
  if (read("EVM_RPC_URL") !== "") problems.push("EVM_RPC_URL cannot be used yet: outcomes are not checked on chain");
  const settings = {
    port: number("PORT", 65_535) ?? 0,
    facilitators: need("FACILITATOR_URL")
      .split(",")
      .map((url) => url.trim())
      .filter((url) => url !== ""),
    payTo: need("PAY_TO"),
    network: read("NETWORK", "eip155:84532"),
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
  };
  if (settings.token) need("ASSET_DECIMALS");
  if (problems.length > 0) throw new SettingsError(problems.join("; "));
  return settings;
}

/** The engine's configuration. `origin` is where the shop listens. */
export function createConfig(settings: Settings, origin: string): PaywallConfig {
  const { token, network, facilitators, payTo, facilitatorTimeout } = settings;
  return {
    payTo,
    network,
    facilitator: facilitators,
    origin: settings.origin ?? origin,
    ...(facilitatorTimeout === undefined ? {} : { facilitatorTimeout }),
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
