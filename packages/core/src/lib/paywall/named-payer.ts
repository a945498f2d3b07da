import type { Scheme } from "../schemes/scheme.js";

/** The payer that a facilitator names, where the payment does not tell: if it is an address, and not just words. */
export function namedPayer(scheme: Scheme, payer: string | undefined): string | undefined {
  return payer !== undefined && scheme.checkAddress(payer) === undefined ? scheme.spell(payer) : undefined;
}
