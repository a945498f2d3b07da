import type { NetworkDefinition } from "./definitions.js";

/** The public facilitator that serves test networks without an account. */
const PUBLIC = "https://x402.org/facilitator";

const network = <Name extends string>(
  id: string,
  name: Name,
  title: string,
  testnet = false,
  facilitator?: string,
): NetworkDefinition<Name> => ({
  id,
  name,
  title,
  testnet,
  ...(facilitator ? { facilitator } : {}),
});

/** Whether a facilitator, by its base URL, is the public one: it settles nothing on main networks. */
export function servesTestnetsOnly(url: string): boolean {
  return /^https:\/\/(?:www\.)?x402\.org(?:\/|$)/.test(url);
}

/** The CAIP-2 id of a built-in network that is given by its name, such as `base`; anything else as it is. */
export function networkNamed<T>(network: T): T | string {
  return NETWORKS.find(({ name }) => name === network)?.id ?? network;
}

/** The networks that go by name without further configuration. */
export const NETWORKS = [
  network("eip155:8453", "base", "Base"),
  network("eip155:84532", "base-sepolia", "Base Sepolia", true, PUBLIC),
  network("eip155:1", "ethereum", "Ethereum"),
  network("eip155:11155111", "sepolia", "Sepolia", true, PUBLIC),
  network("eip155:137", "polygon", "Polygon"),
  network("eip155:42161", "arbitrum", "Arbitrum One"),
  network("eip155:10", "optimism", "OP Mainnet"),
  network("eip155:43114", "avalanche", "Avalanche"),
  network("eip155:43113", "avalanche-fuji", "Avalanche Fuji", true, PUBLIC),
  network("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "solana", "Solana"),
  network("solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1", "solana-devnet", "Solana Devnet", true, PUBLIC),
];
