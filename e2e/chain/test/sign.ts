import { randomBytes } from "node:crypto";
import {
  type Address,
  createWalletClient,
  encodeAbiParameters,
  type Hex,
  http,
  parseAbiParameters,
  parseSignature,
  toHex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { type Chain, type DevAccount, tokenAbi } from "../src/index.js";

const order = [
  { name: "from", type: "address" },
  { name: "to", type: "address" },
  { name: "value", type: "uint256" },
  { name: "validAfter", type: "uint256" },
  { name: "validBefore", type: "uint256" },
  { name: "nonce", type: "bytes32" },
] as const;

const types = {
  TransferWithAuthorization: order,
  ReceiveWithAuthorization: order,
  CancelAuthorization: [
    { name: "authorizer", type: "address" },
    { name: "nonce", type: "bytes32" },
  ],
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

export interface Order {
  from: Address;
  to: Address;
  value: bigint;
  validAfter: bigint;
  validBefore: bigint;
  nonce: Hex;
}

/** An order over `value` from payer to seller that is valid for the next minute, unless told otherwise. */
export function createOrder(chain: Chain, changes: Partial<Order> = {}): Order {
  const { payer, seller } = chain.accounts;
  const nonce = toHex(randomBytes(32));
  const validBefore = BigInt(Math.floor(Date.now() / 1000) + 60);
  return { from: payer.address, to: seller.address, value: 10_000n, validAfter: 0n, validBefore, nonce, ...changes };
}

/** The domain in which USDC's holders sign. */
export function domainOf(chain: Chain) {
  return { name: "USDC", version: "2", chainId: 84532, verifyingContract: chain.token.address };
}

/** Signs a message of the token's. */
export function sign(chain: Chain, signer: DevAccount, primaryType: keyof typeof types, message: object): Promise<Hex> {
  const account = privateKeyToAccount(signer.privateKey);
  return account.signTypedData({ domain: domainOf(chain), types, primaryType, message } as never);
}

/** The arguments of a signed transfer, with the signature whole or in parts. */
export function argumentsOf(given: Order, signature: Hex) {
  return [given.from, given.to, given.value, given.validAfter, given.validBefore, given.nonce, signature] as const;
}

/** A signature as v, r and s. */
export function split(signature: Hex) {
  const { v, r, s } = parseSignature(signature);
  return [Number(v), r, s] as const;
}

/** The longer form of a smart wallet's signature. */
export function wrap(signature: Hex): Hex {
  return encodeAbiParameters(parseAbiParameters("uint256, bytes"), [0n, signature]);
}

/** Calls the token in a transaction of an account's; throws with the revert reason if it would fail. */
export async function call(chain: Chain, sender: DevAccount, functionName: string, args: readonly unknown[]) {
  const wallet = createWalletClient({
    account: privateKeyToAccount(sender.privateKey),
    chain: chain.publicClient.chain,
    transport: http(chain.rpcUrl),
  });
  const hash = await wallet.writeContract({
    address: chain.token.address,
    abi: tokenAbi,
    functionName,
    args,
  } as never);
  return await chain.publicClient.waitForTransactionReceipt({ hash });
}
