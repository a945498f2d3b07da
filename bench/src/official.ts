import { type FacilitatorClient, HTTPFacilitatorClient, x402ResourceServer } from "@x402/core/server";
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { NETWORK, PAY_TO, SETTLED, SUPPORTED, VERIFIED } from "./payment.js";
import { DESCRIPTION, listRoutes, MIME_TYPE, PRICE } from "./shop.js";

const instantClient: FacilitatorClient = {
  getSupported: async () => SUPPORTED,
  verify: async () => VERIFIED,
  settle: async () => SETTLED,
};

/** The official packages' own client, or the instant one in their shape. */
export function officialClient(facilitator: string | undefined): FacilitatorClient {
  return facilitator === undefined ? instantClient : new HTTPFacilitatorClient({ url: facilitator });
}

export function officialServer(facilitator: string | undefined): x402ResourceServer {
  return new x402ResourceServer(officialClient(facilitator)).register(NETWORK, new ExactEvmScheme());
}

export const officialRoute = {
  accepts: { scheme: "exact", network: NETWORK, price: PRICE, payTo: PAY_TO, maxTimeoutSeconds: 120 },
  description: DESCRIPTION,
  mimeType: MIME_TYPE,
} as const;

export function officialRoutes(count: number): Record<string, typeof officialRoute> {
  return Object.fromEntries(listRoutes(count).map((key) => [key, officialRoute]));
}
