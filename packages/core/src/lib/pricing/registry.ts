import { CAIP2 } from "../protocol/schemas.js";
import type { NetworkDefinition, TokenDefinition } from "./definitions.js";
import { NETWORKS } from "./networks.js";
import { TOKENS } from "./tokens.js";

/** The networks and tokens that one engine knows: those of its configuration ahead of the built-in ones. */
export interface Registry {
  /** A network by name or CAIP-2 id. */
  network(name: string): NetworkDefinition | undefined;
  /** A network's token by symbol (letter case counts not) or address. */
  token(network: NetworkDefinition, name: string): TokenDefinition | undefined;
  /** The token that dollar prices mean there. */
  dollar(network: NetworkDefinition): TokenDefinition | undefined;
  /** The symbols of its tokens. */
  symbols(network: NetworkDefinition): string[];
  readonly networks: readonly NetworkDefinition[];
  /** Names to offer when one is not known. */
  readonly names: readonly string[];
}

export function createRegistry(
  networks: readonly NetworkDefinition[] = [],
  tokens: readonly TokenDefinition[] = [],
): Registry {
  const known = [...networks, ...NETWORKS];
  const find = (name: string) => known.find((network) => network.name === name || network.id === name);
  const all = [...tokens, ...TOKENS];
  const on = (network: NetworkDefinition) =>
    all.filter((token) => token.network === network.id || token.network === network.name);
  return {
    network: find,
    token: (network, name) => {
      const wanted = name.toLowerCase();
      return on(network).find((token) => token.symbol.toLowerCase() === wanted || sameAsset(token.address, name));
    },
    symbols: (network) => on(network).map(({ symbol }) => symbol),
    dollar: (network) => on(network).find((token) => token.dollar),
    networks: known,
    names: known.map(({ name }) => name),
  };
}

/** What is wrong with networks and tokens that a seller registers. */
export function checkDefinitions(
  networks: readonly NetworkDefinition[],
  tokens: readonly TokenDefinition[],
): { readonly path: string; readonly message: string }[] {
  const problems: { path: string; message: string }[] = [];
  networks.forEach((network, i) => {
    const { id, name, title, facilitator } = network;
    if (typeof id !== "string" || !CAIP2.test(id)) {
      problems.push({ path: `networks[${i}].id`, message: `"${String(id)}" is not a CAIP-2 id such as "eip155:8453"` });
    }
    if (![name, title].every(isName) || !(facilitator === undefined || isName(facilitator))) {
      problems.push({
        path: `networks[${i}]`,
        message: "a network needs a name and a title; its facilitator must be a URL",
      });
    }
  });
  if (problems.length > 0) return problems;
  const registry = createRegistry(networks);
  tokens.forEach((token, i) => {
    const { network, symbol, address, decimals, eip712, transferMethod } = token;
    const flaw = (member: string, message: string) => problems.push({ path: `tokens[${i}].${member}`, message });
    if (!registry.network(network)) flaw("network", `there is no network "${String(network)}"`);
    if (!isName(symbol) || /\s/.test(symbol)) flaw("symbol", "a token needs a symbol without spaces");
    if (!isName(address)) flaw("address", "a token needs an address");
    if (!Number.isInteger(decimals) || decimals < 0 || decimals > 36)
      flaw("decimals", "decimals must be a whole number from 0 to 36");
    if (eip712 !== undefined && !(isName(eip712?.name) && isName(eip712?.version))) {
      flaw("eip712", "eip712 needs the name and version of the token's EIP-712 domain");
    }
    if (![undefined, "eip3009", "permit2"].includes(transferMethod))
      flaw("transferMethod", 'transferMethod must be "eip3009" or "permit2"');
  });
  return problems;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

/** EVM addresses are hexadecimal and compare without letter case; others exactly. */
function sameAsset(a: string, b: string): boolean {
  return a === b || (a.startsWith("0x") && a.toLowerCase() === b.toLowerCase());
}
