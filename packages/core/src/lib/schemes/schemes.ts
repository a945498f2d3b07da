import { exactEip155 } from "./exact-eip155.js";
import { exactSolana } from "./exact-solana.js";
import type { Scheme } from "./scheme.js";

/** The schemes that need no registration. */
export const SCHEMES: readonly Scheme[] = [exactEip155, exactSolana];

/** The scheme of a name on a network, by its CAIP-2 id. */
export function findScheme(schemes: readonly Scheme[], name: string, network: string): Scheme | undefined {
  return schemes.find(({ scheme, namespace }) => scheme === name && network.startsWith(`${namespace}:`));
}
