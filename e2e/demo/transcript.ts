import type { Chain } from "@turnpike/e2e-chain";
import { decodePaymentRequiredHeader } from "@x402/core/http";
import { formatUnits, type Hex } from "viem";

/** USDC in atomic units. */
export interface Balances {
  readonly buyer: bigint;
  readonly seller: bigint;
}

export const tell = (text: string) => process.stdout.write(`${text}\n`);

export function title(text: string): void {
  tell(`\n${text}\n${"-".repeat(text.length)}`);
}

export async function readBalances({ accounts, balanceOf }: Chain): Promise<Balances> {
  return { buyer: await balanceOf(accounts.payer.address), seller: await balanceOf(accounts.seller.address) };
}

const dollars = (atomic: bigint) => `${formatUnits(atomic, 6)} USDC`;

export function showBalances(heading: string, { buyer, seller }: Balances): void {
  tell(`\n  ${heading}\n${table({ buyer: dollars(buyer), seller: dollars(seller) })}\n`);
}

/** The unpaid answer, with its PAYMENT-REQUIRED header in plain words. */
export async function showChallenge(response: Response): Promise<void> {
  const { resource, accepts } = decodePaymentRequiredHeader(response.headers.get("PAYMENT-REQUIRED") ?? "");
  const body = (await response.json()) as { detail?: string };
  tell(`\n  ${response.status} ${response.statusText}`);
  tell(table({ body: body.detail ?? "" }));
  tell("\n  Its PAYMENT-REQUIRED header, decoded:\n");
  for (const { scheme, network, amount, asset, payTo, maxTimeoutSeconds } of accepts) {
    tell(
      table({
        resource: resource?.url ?? "",
        scheme: `${scheme} (this amount, no more and no less)`,
        network: `${network} (Base Sepolia)`,
        amount: `${amount} millionths of a USDC, which is ${dollars(BigInt(amount))}`,
        asset: `${asset} (USDC)`,
        payTo: `${payTo} (the seller)`,
        time: `${maxTimeoutSeconds} s to pay`,
      }),
    );
  }
}

/** The paid answer, with its PAYMENT-RESPONSE header and what the chain says about it. */
export async function showReceipt(
  chain: Chain,
  response: Response,
  receipt: { readonly transaction: string; readonly payer?: string; readonly network: string },
): Promise<void> {
  const { status, blockNumber } = await chain.publicClient.getTransactionReceipt({ hash: receipt.transaction as Hex });
  tell(`\n  ${response.status} ${response.statusText}`);
  tell(table({ body: await response.text() }));
  tell("\n  Its PAYMENT-RESPONSE header, decoded, and what the chain says:\n");
  tell(
    table({
      transaction: receipt.transaction,
      payer: `${receipt.payer} (the buyer)`,
      network: receipt.network,
      chain: `${status}, in block ${blockNumber}`,
    }),
  );
}

function table(rows: Readonly<Record<string, string>>): string {
  return Object.entries(rows)
    .map(([name, value]) => `    ${name.padEnd(14)}${value}`)
    .join("\n");
}
