import type { PaywallEvent } from "@turnpike/core";
import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import type { Casebook } from "../casebook.js";
import { seller, usdc } from "../shop.js";
import type { RoutePlan } from "../stage.js";

/** Addresses of EVM networks in the one spelling that a seller compares with (G40; ERC-55). */
export function testSpelling({ check }: Casebook): void {
  check("G40 names a payer by the checksummed address everywhere, in whatever case it comes", async (open) => {
    for (const [spelling, respell] of Object.entries(spellings)) {
      const asked: unknown[] = [];
      const events: PaywallEvent[] = [];
      const ask = ({ payer, claimedPayer }: { payer: string | undefined; claimedPayer: string | undefined }) => {
        asked.push(claimedPayer, payer);
      };
      const priced: RoutePlan = { path: ["paid"], price: "$0.01" };
      const shop = await open({
        routes: [priced],
        config: {
          hooks: { afterVerify: ask, beforeSettle: ask, afterSettle: ask },
          observe: { event: (event) => void events.push(event) },
        },
      });
      const { address } = shop.buyer;
      const header = await shop.header("/paid", {
        tamper: (payload) => {
          const { authorization } = payload.payload as { authorization: Record<string, string> };
          return {
            ...payload,
            payload: { ...payload.payload, authorization: { ...authorization, from: respell(address) } },
          };
        },
      });
      const response = await shop.pay(header);
      expect(response.status, spelling).toBe(200);
      expect(readReceipt(response)?.payer).toBe(address);
      expect((await shop.becomes("delivered")).payer).toBe(address);
      expect(new Set(asked.filter((name) => name !== undefined))).toEqual(new Set([address]));
      const told = [...JSON.stringify(events).matchAll(/"payer":"([^"]*)"/g)].map(([, payer]) => payer);
      expect(new Set(told)).toEqual(new Set([address]));
      await shop.close();
    }
  });

  check("G40b offers the seller's address and the token in one spelling, however they are configured", async (open) => {
    const shop = await open({
      config: {
        payTo: seller.toLowerCase(),
        tokens: [
          {
            network: "base-sepolia",
            symbol: "USDC",
            address: usdc.toLowerCase(),
            decimals: 6,
            dollar: true,
            eip712: { name: "USDC", version: "2" },
          },
        ],
      },
    });
    const [offer] = (await shop.challenge()).accepts;
    expect([offer?.payTo, offer?.asset]).toEqual([seller, usdc]);
    expect((await shop.buy()).response.status).toBe(200);
    const { offer: recorded } = await shop.becomes("delivered");
    expect([recorded.payTo, recorded.asset]).toEqual([seller, usdc]);
  });
}

const spellings: Record<string, (address: string) => string> = {
  "its own checksum": (address) => address,
  "lower case": (address) => address.toLowerCase(),
  "upper case": (address) => `0x${address.slice(2).toUpperCase()}`,
};
