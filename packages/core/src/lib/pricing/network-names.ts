import type { Registry } from "./registry.js";

/** Names of version 1 of the protocol that differ from ours, or for networks that we have no name for. */
const VERSION_1: Readonly<Record<string, string>> = {
  abstract: "eip155:2741",
  "abstract-testnet": "eip155:11124",
  educhain: "eip155:41923",
  iotex: "eip155:4689",
  peaq: "eip155:3338",
  "polygon-amoy": "eip155:80002",
  sei: "eip155:1329",
  "sei-testnet": "eip155:1328",
  "skale-base-sepolia": "eip155:324705682",
  story: "eip155:1514",
};

/**
 * Whether a name means a network: its CAIP-2 id, a name of the registry or of version 1 of the protocol, or the chain's own
 * id without its namespace.
 * @param id CAIP-2
 */
function sameNetwork(registry: Registry, name: string, id: string): boolean {
  if (name === id || name === id.slice(id.indexOf(":") + 1)) return true;
  return name.toLowerCase() === id.toLowerCase() || networkOf(registry, name) === id;
}

/** Whether a name certainly means another network; ordinary words mean none. */
export function isOtherNetwork(registry: Registry, name: string, id: string): boolean {
  if (name === "" || sameNetwork(registry, name, id)) return false;
  return /^[-a-z0-9]{3,8}:[-\w]{1,32}$|^\d+$/i.test(name) || networkOf(registry, name) !== undefined;
}

function networkOf(registry: Registry, name: string): string | undefined {
  const known = name.toLowerCase().replace(/[\s_]+/g, "-");
  return registry.network(known)?.id ?? VERSION_1[known];
}
