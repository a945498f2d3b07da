import type { ChainPayment } from "@turnpike/core";
import type { FacilitatorRequest } from "@turnpike/core/protocol";
import { tokenAbi } from "@turnpike/e2e-chain";
import { encodeFunctionData, type Hex, numberToHex, parseAbi } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { type Authorization, now } from "./payments.js";
import { chain } from "./stage.js";

/** What people do on the stage's chain without a facilitator. */

const MULTICALL: Hex = "0xcA11bde05977b3631167028862bE2a173976CA11";

export interface ContractCall {
  readonly to: Hex;
  readonly data: Hex;
}

/** A method that only development nodes have. */
export async function ask<T>(method: string, ...params: unknown[]): Promise<T> {
  return (await chain.publicClient.request({ method, params } as never)) as T;
}

/** Sends a call, or creates a contract, and waits until it is mined. `gas` sends what would revert. */
export async function send(from: Hex, call: Partial<ContractCall>, gas?: number) {
  const limit = gas === undefined ? {} : { gas: numberToHex(gas) };
  const hash = await ask<Hex>("eth_sendTransaction", { from, ...call, ...limit });
  return chain.publicClient.waitForTransactionReceipt({ hash });
}

/** The call that settles an EIP-3009 payment. */
export function settlementOf({ paymentPayload, paymentRequirements }: FacilitatorRequest): ContractCall {
  const { authorization, signature } = paymentPayload.payload as { authorization: Authorization; signature: Hex };
  const { from, to, value, validAfter, validBefore, nonce } = authorization;
  const times = [BigInt(validAfter), BigInt(validBefore)] as const;
  const data = encodeFunctionData({
    abi: tokenAbi,
    functionName: "transferWithAuthorization",
    args: [from as Hex, to as Hex, BigInt(value), ...times, nonce as Hex, signature],
  });
  return { to: paymentRequirements.asset as Hex, data };
}

/** The call by which a payer cancels an EIP-3009 payment. */
export async function cancellationOf({ paymentPayload }: FacilitatorRequest): Promise<ContractCall> {
  const { from, nonce } = paymentPayload.payload.authorization as Authorization;
  const { address, name, version } = chain.token;
  const message = { authorizer: from as Hex, nonce: nonce as Hex };
  const signature = await privateKeyToAccount(chain.accounts.payer.privateKey).signTypedData({
    domain: { name, version, chainId: chain.chainId, verifyingContract: address },
    types: {
      CancelAuthorization: [
        { name: "authorizer", type: "address" },
        { name: "nonce", type: "bytes32" },
      ],
    },
    primaryType: "CancelAuthorization",
    message,
  });
  const args = [message.authorizer, message.nonce, signature] as const;
  return { to: address, data: encodeFunctionData({ abi: tokenAbi, functionName: "cancelAuthorization", args }) };
}

/** Several calls in one transaction. */
export function together(...calls: readonly ContractCall[]): ContractCall {
  const data = encodeFunctionData({
    abi: parseAbi(["function aggregate3((address target, bool allowFailure, bytes callData)[] calls) payable"]),
    functionName: "aggregate3",
    args: [calls.map(({ to, data }) => ({ target: to, allowFailure: false, callData: data }))],
  });
  return { to: MULTICALL, data };
}

/** Places a contract that hands every call on to another one. Whether that failed it does not say: name the gas. */
export async function deployForwarder(target: Hex): Promise<Hex> {
  const address: Hex = `0x${"f0".repeat(20)}`;
  // Copies its input (CALLDATACOPY), calls with all of it (CALL) and stops.
  await ask("anvil_setCode", address, `0x36600060003760006000366000600073${target.slice(2)}5af100`);
  return address;
}

/** An allowance of the payer's for another contract. */
export async function allow(spender: Hex = MULTICALL): Promise<void> {
  const args = [spender, 2n ** 255n] as const;
  const data = encodeFunctionData({ abi: tokenAbi, functionName: "approve", args });
  await send(chain.accounts.payer.address, { to: chain.token.address, data });
}

/** The question about a payment that was first seen just now. */
export function about(request: FacilitatorRequest, rest: Partial<ChainPayment> = {}): ChainPayment {
  return { payload: request.paymentPayload, requirements: request.paymentRequirements, since: now(), ...rest };
}
