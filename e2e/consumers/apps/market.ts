import { payer, startFacilitator } from "@turnpike/testing";

/** A shop that sells `/item` for a cent. */
export interface Shop {
  readonly origin: string;
  close(): Promise<void>;
}

export type OpenShop = (facilitator: string) => Promise<Shop>;

export const payTo = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

/** What a purchase looked like from outside, and how many charges it made. */
export async function sell(open: OpenShop) {
  const facilitator = await startFacilitator();
  const shop = await open(facilitator.url);
  try {
    const unpaid = await fetch(`${shop.origin}/item`);
    await unpaid.arrayBuffer();
    const { response, receipt } = await payer().buy(`${shop.origin}/item`);
    const body: unknown = await response.json();
    return {
      unpaid: unpaid.status,
      paid: response.status,
      body,
      settled: receipt?.success,
      charges: facilitator.charges.length,
    };
  } finally {
    await shop.close();
    await facilitator.close();
  }
}
