import { formatAmount, knownToken } from "@turnpike/core/chain";

/** What is shown beside every amount. */
export function tokenFacts(network: string, asset: string) {
  const { networkName, token, decimals } = knownToken(network, asset);
  return { network, networkName, asset, token, decimals };
}

/** Atomic units as a decimal number of tokens; nothing where their decimals are not known. */
export function inTokens(amount: string, decimals: number | undefined): string | undefined {
  return decimals !== undefined && /^\d{1,78}$/.test(amount) ? formatAmount(BigInt(amount), decimals) : undefined;
}

/** An amount for people, such as `0.01 USDC`; of an unknown token in its atomic units. */
export function moneyText(
  amount: string,
  { token, decimals }: { token?: string | undefined; decimals?: number | undefined },
): string {
  const money = inTokens(amount, decimals);
  return money === undefined ? `${amount} units` : `${money} ${token ?? ""}`.trimEnd();
}
