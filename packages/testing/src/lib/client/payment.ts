import { randomBytes } from "node:crypto";
import type { PaymentPayload, PaymentRequired, PaymentRequirements } from "@turnpike/core/protocol";
import type { Address, Hex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { type Authorization, authorizationTypes } from "../authorization.js";

export interface SignOptions {
  /** Which offer to take: its index, or a function. @default the first `exact` on an EVM network */
  readonly offer?: number | ((accepts: readonly PaymentRequirements[]) => PaymentRequirements | undefined);
  /** Members of the authorisation that replace the correct ones. They are signed as given. */
  readonly authorization?: Partial<Authorization>;
  /** Changes the signed payload: another `accepted`, signature, resource, or nonsense. */
  readonly tamper?: (payload: PaymentPayload) => unknown;
}

/**
 * Signs an EIP-3009 authorisation for one offer of a challenge.
 * @returns the payment payload, or the result of `tamper`
 */
export async function signPayment(
  account: PrivateKeyAccount,
  required: PaymentRequired,
  options: SignOptions = {},
): Promise<PaymentPayload> {
  const accepted = chooseOffer(required.accepts, options.offer);
  const now = Math.floor(Date.now() / 1000);
  const authorization: Authorization = {
    from: account.address,
    to: accepted.payTo,
    value: accepted.amount,
    validAfter: String(now - 60),
    validBefore: String(now + accepted.maxTimeoutSeconds),
    nonce: `0x${randomBytes(32).toString("hex")}`,
    ...options.authorization,
  };
  const signature = await account.signTypedData({
    domain: {
      name: String(accepted.extra?.name),
      version: String(accepted.extra?.version),
      chainId: Number(accepted.network.split(":")[1]),
      verifyingContract: accepted.asset as Address,
    },
    types: authorizationTypes,
    primaryType: "TransferWithAuthorization",
    message: {
      from: authorization.from as Address,
      to: authorization.to as Address,
      value: BigInt(authorization.value),
      validAfter: BigInt(authorization.validAfter),
      validBefore: BigInt(authorization.validBefore),
      nonce: authorization.nonce as Hex,
    },
  });
  const payload: PaymentPayload = {
    x402Version: 2,
    resource: structuredClone(required.resource),
    accepted: structuredClone(accepted),
    payload: { signature, authorization },
    ...(required.extensions ? { extensions: structuredClone(required.extensions) } : {}),
  };
  return options.tamper ? (options.tamper(payload) as PaymentPayload) : payload;
}

function chooseOffer(accepts: readonly PaymentRequirements[], choice: SignOptions["offer"]): PaymentRequirements {
  const offer =
    typeof choice === "function"
      ? choice(accepts)
      : typeof choice === "number"
        ? accepts[choice]
        : accepts.find(({ scheme, network }) => scheme === "exact" && network.startsWith("eip155:"));
  if (!offer) throw new Error("The challenge has no offer that this client can pay.");
  return offer;
}
