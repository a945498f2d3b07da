import { createRegistry } from "./registry.js";

/** What is known of the token that an offer names. */
export interface KnownToken {
  /** The network's short name, for example `base`. */
  readonly networkName?: string;
  /** The token's symbol, for example `USDC`. */
  readonly token?: string;
  readonly decimals?: number;
}

const builtIn = createRegistry();

/** What the built-in list knows of a token: for those who show records and have no configuration. @param network CAIP-2 id */
export function knownToken(network: string, asset: string): KnownToken {
  const on = builtIn.network(network);
  const token = on && builtIn.token(on, asset);
  return {
    ...(on ? { networkName: on.name } : {}),
    ...(token ? { token: token.symbol, decimals: token.decimals } : {}),
  };
}
