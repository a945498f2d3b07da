import type { ChainReader, OwnTransfer } from "@turnpike/core";
import type { FacilitatorRequest } from "@turnpike/core/protocol";
import { encodeFunctionData, type Hex, parseAbi, parseSignature } from "viem";
import { beforeEach, describe, expect, test } from "vitest";
import { evmChain } from "../src/index.js";
import { about, send, settlementOf, together } from "./support/acts.js";
import { mirror, now } from "./support/payments.js";
import { chain, facilitator, node, pay } from "./support/stage.js";

// Whether the transfer that the chain shows of a payment was made for the purchase that asks.

let reader: ChainReader;
beforeEach(() => {
  reader = evmChain({ rpcUrl: node.rpcUrl, network: chain.network });
});

const find = (request: FacilitatorRequest, claim?: Partial<OwnTransfer>) =>
  reader.find(about(request, claim ? { claim: { since: now() - 60, signed: false, ...claim } } : {}), "included");

function withSignature(request: FacilitatorRequest, signature: string): FacilitatorRequest {
  const { paymentPayload } = request;
  return { ...request, paymentPayload: { ...paymentPayload, payload: { ...paymentPayload.payload, signature } } };
}

const signatureOf = (request: FacilitatorRequest) => request.paymentPayload.payload.signature as Hex;

/** The same call with the signature in three parts. */
function inParts(request: FacilitatorRequest) {
  const { from, to, value, validAfter, validBefore, nonce } = request.paymentPayload.payload.authorization as never;
  const { v, r, s } = parseSignature(signatureOf(request));
  const args = [from, to, BigInt(value), BigInt(validAfter), BigInt(validBefore), nonce, Number(v), r, s] as never;
  const abi = parseAbi([
    "function transferWithAuthorization(address, address, uint256, uint256, uint256, bytes32, uint8, bytes32, bytes32)",
  ]);
  return {
    to: request.paymentRequirements.asset as Hex,
    data: encodeFunctionData({ abi, functionName: "transferWithAuthorization", args }),
  };
}

describe("the transfer of a payment", () => {
  test("G01q is a purchase's own if its block is not older than the claim", async () => {
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    const settled = { type: "settled", transaction, final: true };
    expect(await find(request)).toEqual(settled);
    expect(await find(request, {})).toEqual({ ...settled, own: true });
    expect(await find(request, { since: now() + 86_400 })).toEqual({ ...settled, own: false });
  });

  test("G01r is a purchase's own if it carries that very signature, whole, in parts or in a call of calls", async () => {
    const { facilitator: sender } = chain.accounts;
    for (const write of [settlementOf, inParts, (request: FacilitatorRequest) => together(settlementOf(request))]) {
      const request = await pay();
      await send(sender.address, write(request));
      expect(await find(request, { signed: true })).toMatchObject({ type: "settled", own: true });
      const { authorization } = request.paymentPayload.payload as { authorization: Record<"to" | "nonce", string> };
      const word = (hex: string) => hex.slice(2).padStart(64, "0");
      const others = [
        mirror(signatureOf(request)),
        `${signatureOf(request).slice(0, -2)}e0`,
        `0x${"ab".repeat(65)}`,
        `0x${word(authorization.to)}${"0".repeat(64)}00`,
        `0x${authorization.nonce.slice(2)}${word("0xe0")}${word("0x41")}`,
        "0x",
        "",
      ];
      for (const signature of others) {
        const forged = withSignature(request, signature);
        expect(await find(forged, { signed: true }), signature).toMatchObject({ type: "settled", own: false });
      }
    }
  });
});
