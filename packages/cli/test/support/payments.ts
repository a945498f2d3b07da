import type { StoredPayment } from "@turnpike/core";
import type { PaymentPayload, PaymentRequirements } from "@turnpike/core/protocol";
import { payer } from "@turnpike/testing";

const buyer = payer();

export const offer: PaymentRequirements = {
  scheme: "exact",
  network: "eip155:84532",
  amount: "10000",
  asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  maxTimeoutSeconds: 120,
  extra: { name: "USDC", version: "2" },
};

export interface Members extends Partial<Omit<StoredPayment, "payload">> {
  /** Milliseconds since it came to its state. @default 0 */
  readonly age?: number;
}

/** A payment that was signed by a buyer, as it is on record; with its signature in the states that keep it. */
export async function makePayment({ age = 0, ...members }: Members = {}): Promise<StoredPayment> {
  const url = "https://shop.test/weather";
  const payload = await buyer.sign({ x402Version: 2, resource: { url }, accepts: [offer] });
  const { authorization } = payload.payload as { authorization: { from: string; nonce: string } };
  const { state = "unknown" } = members;
  const at = Date.now() - age;
  return {
    id: `x402:${offer.network}:${offer.asset}:${authorization.from}:${authorization.nonce}`.toLowerCase(),
    version: 1,
    state,
    route: "GET /weather",
    request: "GET /weather",
    offer,
    payer: buyer.address,
    facilitator: "https://facilitator.test",
    runs: 1,
    createdAt: at,
    updatedAt: at,
    times: { [state]: at },
    holder: `test-${authorization.nonce}`,
    ...(state === "unknown" || state === "settling" ? { payload } : {}),
    ...members,
  };
}

/** A payment that was charged at this moment. */
export function makeSale(chargedAt: number, members: Members = {}): Promise<StoredPayment> {
  const { network } = members.offer ?? offer;
  const receipt = { success: true, transaction: `0x${"ab".repeat(32)}`, network };
  return makePayment({
    state: "delivered",
    createdAt: chargedAt,
    updatedAt: chargedAt,
    chargedAt,
    receipt,
    ...members,
  });
}

/** The signature of a payment that keeps it; nothing that could be found by chance if it does not. */
export function signatureOf({ payload }: { readonly payload?: PaymentPayload }): string {
  return String(payload?.payload.signature);
}
