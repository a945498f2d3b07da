import type { PaymentPayload } from "@turnpike/core/protocol";
import { type Chain, tokenAbi } from "@turnpike/e2e-chain";
import { PERMIT2_ADDRESS, x402ExactPermit2ProxyABI, x402ExactPermit2ProxyAddress } from "@x402/evm";
import { encodeFunctionData, type Hex, parseAbi } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { loadOddContracts } from "../../../packages/evm/test/support/contracts.js";

/** What a payer can do with its payment on the chain, past seller and facilitator. */

const MULTICALL: Hex = "0xcA11bde05977b3631167028862bE2a173976CA11";

export interface Act {
  readonly to: Hex;
  readonly data: Hex;
}

interface Authorization {
  readonly from: Hex;
  readonly to: Hex;
  readonly value: string;
  readonly validAfter: string;
  readonly validBefore: string;
  readonly nonce: Hex;
}

interface Permit {
  readonly permitted: { readonly token: Hex; readonly amount: string };
  readonly from: Hex;
  readonly nonce: string;
  readonly deadline: string;
  readonly witness: { readonly to: Hex; readonly validAfter: string };
}

const authorizationOf = ({ payload }: PaymentPayload) => payload.authorization as unknown as Authorization;
const permitOf = ({ payload }: PaymentPayload) => payload.permit2Authorization as unknown as Permit;

/** A method that only development nodes have. */
export async function ask<T>(chain: Chain, method: string, ...params: unknown[]): Promise<T> {
  return (await chain.publicClient.request({ method, params } as never)) as T;
}

/** Sends a call and waits until it is mined. */
export async function send(chain: Chain, from: Hex, act: Act): Promise<Hex> {
  const hash = await ask<Hex>(chain, "eth_sendTransaction", { from, ...act });
  await chain.publicClient.waitForTransactionReceipt({ hash });
  return hash;
}

/** Makes the payment's nonce worthless: `cancelAuthorization` of EIP-3009. */
export async function cancel(chain: Chain, payment: PaymentPayload): Promise<Act> {
  const { from, nonce } = authorizationOf(payment);
  const { address, name, version } = chain.token;
  const signature = await privateKeyToAccount(chain.accounts.payer.privateKey).signTypedData({
    domain: { name, version, chainId: chain.chainId, verifyingContract: address },
    types: {
      CancelAuthorization: [
        { name: "authorizer", type: "address" },
        { name: "nonce", type: "bytes32" },
      ],
    },
    primaryType: "CancelAuthorization",
    message: { authorizer: from, nonce },
  });
  const args = [from, nonce, signature] as const;
  return { to: address, data: encodeFunctionData({ abi: tokenAbi, functionName: "cancelAuthorization", args }) };
}

/** Settles the payment, whoever sends it: what a facilitator does. */
export function submit(chain: Chain, payment: PaymentPayload): Act {
  const { from, to, value, validAfter, validBefore, nonce } = authorizationOf(payment);
  const times = [BigInt(validAfter), BigInt(validBefore)] as const;
  const args = [from, to, BigInt(value), ...times, nonce, payment.payload.signature as Hex] as const;
  const data = encodeFunctionData({ abi: tokenAbi, functionName: "transferWithAuthorization", args });
  return { to: chain.token.address, data };
}

/** A plain transfer: money, but no payment's. */
export function transfer(chain: Chain, to: Hex, value: bigint): Act {
  const data = encodeFunctionData({ abi: tokenAbi, functionName: "transfer", args: [to, value] });
  return { to: chain.token.address, data };
}

/** Several acts in one transaction. */
export function together(...acts: readonly Act[]): Act {
  const data = encodeFunctionData({
    abi: parseAbi(["function aggregate3((address target, bool allowFailure, bytes callData)[] calls) payable"]),
    functionName: "aggregate3",
    args: [acts.map(({ to, data }) => ({ target: to, allowFailure: false, callData: data }))],
  });
  return { to: MULTICALL, data };
}

/** Puts Permit2 and the proxy of `exact` on the chain, and lets Permit2 spend for the payer. */
export async function plantPermit2(chain: Chain): Promise<void> {
  const { Permit2Double, ExactProxyDouble } = await loadOddContracts();
  await ask(chain, "anvil_setCode", PERMIT2_ADDRESS, Permit2Double.runtime);
  await ask(chain, "anvil_setCode", x402ExactPermit2ProxyAddress, ExactProxyDouble.runtime);
  const data = encodeFunctionData({
    abi: tokenAbi,
    functionName: "approve",
    args: [PERMIT2_ADDRESS as Hex, 2n ** 255n],
  });
  await send(chain, chain.accounts.payer.address, { to: chain.token.address, data });
}

/** Makes the payment's nonce worthless: `invalidateUnorderedNonces` of Permit2. */
export function invalidate(payment: PaymentPayload): Act {
  const nonce = BigInt(permitOf(payment).nonce);
  const abi = parseAbi(["function invalidateUnorderedNonces(uint256 word, uint256 mask)"]);
  const data = encodeFunctionData({ abi, args: [nonce >> 8n, 1n << (nonce & 255n)] });
  return { to: PERMIT2_ADDRESS as Hex, data };
}

/** Settles a Permit2 payment. */
export function submitPermit(payment: PaymentPayload): Act {
  const { permitted, from, nonce, deadline, witness } = permitOf(payment);
  const args = [
    {
      permitted: { token: permitted.token, amount: BigInt(permitted.amount) },
      nonce: BigInt(nonce),
      deadline: BigInt(deadline),
    },
    from,
    { to: witness.to, validAfter: BigInt(witness.validAfter) },
    payment.payload.signature as Hex,
  ] as const;
  const data = encodeFunctionData({ abi: x402ExactPermit2ProxyABI, functionName: "settle", args } as never);
  return { to: x402ExactPermit2ProxyAddress as Hex, data };
}

/** Whether Permit2 counts the payment's nonce as used. */
export async function isPermitUsed(chain: Chain, payment: PaymentPayload): Promise<boolean> {
  const nonce = BigInt(permitOf(payment).nonce);
  const bitmap = await chain.publicClient.readContract({
    address: PERMIT2_ADDRESS as Hex,
    abi: parseAbi(["function nonceBitmap(address owner, uint256 word) view returns (uint256)"]),
    functionName: "nonceBitmap",
    args: [permitOf(payment).from, nonce >> 8n],
  });
  return ((bitmap >> (nonce & 255n)) & 1n) === 1n;
}
