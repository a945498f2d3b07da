/** A chain that payments can settle on. */
export interface NetworkDefinition<Name extends string = string> {
  /** CAIP-2 id, for example `eip155:8453`. */
  readonly id: string;
  /** Short name, for example `base`. */
  readonly name: Name;
  /** Display name, for example `Base`. */
  readonly title: string;
  /** The tokens of test networks are worthless; such a network may have a default facilitator. */
  readonly testnet: boolean;
  /** Used when the configuration names no facilitator. */
  readonly facilitator?: string;
}

/** A token on a network. */
export interface TokenDefinition {
  /** CAIP-2 id or name of its network. */
  readonly network: string;
  readonly symbol: string;
  /** Contract address or mint. */
  readonly address: string;
  readonly decimals: number;
  /** Worth one US dollar, so that prices like `"$0.01"` can be paid in it. */
  readonly dollar?: boolean;
  /** Name and version of the token's EIP-712 domain; required for EIP-3009 transfers. */
  readonly eip712?: { readonly name: string; readonly version: string };
  /** How `exact` transfers the token on EVM networks. @default "eip3009" */
  readonly transferMethod?: "eip3009" | "permit2";
}
