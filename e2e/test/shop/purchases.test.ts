import { decodePaymentResponseHeader } from "@x402/fetch";
import { describe, expect, test } from "vitest";
import type { FacilitatorName } from "../support/market.js";
import { officialClients } from "../support/official-clients.js";
import { useStage } from "../support/stage.js";

const purchases = [
  { row: "/weather", path: "/weather", answer: { weather: "sunny" } },
  { row: "/items/:id", path: "/items/blue%20hat", answer: { id: "blue hat" } },
  { row: "/echo", path: "/echo", body: { hello: ["wörld", 1] }, answer: { hello: ["wörld", 1] } },
  { row: "/bound", path: "/bound", answer: { bound: true } },
];

for (const facilitator of ["ours", "official"] satisfies FacilitatorName[]) {
  describe(`with ${facilitator === "ours" ? "our" : "the official"} facilitator`, () => {
    const stage = useStage(facilitator);

    for (const [name, client] of Object.entries(officialClients)) {
      test.for(purchases)(`${name} buys $row, and exactly one cent moves on the chain`, async (purchase) => {
        const { chain, origin, runs, moves, provesTransfer } = stage();
        const buy = client(chain.accounts.payer.privateKey);
        const before = await runs(purchase.row);

        const answer = await moves(10_000n, () => buy(origin + purchase.path, purchase.body));

        expect(answer).toMatchObject({ status: 200, body: purchase.answer });
        await provesTransfer(decodePaymentResponseHeader(answer.header("PAYMENT-RESPONSE") ?? ""), 10_000n);
        expect(await runs(purchase.row)).toBe(before + 1);
      });
    }
  });
}
