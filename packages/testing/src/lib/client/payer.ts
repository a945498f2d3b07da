import type { PaymentPayload, PaymentRequired, SettlementResponse } from "@turnpike/core/protocol";
import type { Hex } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { encodeHeader, readChallenge, readReceipt } from "./header.js";
import { type SignOptions, signPayment } from "./payment.js";

export interface BuyOptions extends SignOptions {
  /** Writes the payload as the header's value. @default base64 of compact JSON */
  readonly encode?: (payload: PaymentPayload) => string;
}

/** Both steps of one purchase. */
export interface Purchase {
  readonly challenge: PaymentRequired;
  readonly payload: PaymentPayload;
  /** The value of `PAYMENT-SIGNATURE` that was sent. */
  readonly header: string;
  readonly response: Response;
  readonly receipt?: SettlementResponse;
}

/** A client with its own key. */
export interface Payer {
  readonly address: string;
  readonly account: PrivateKeyAccount;
  /** The payment for one offer of a challenge. */
  sign(required: PaymentRequired, options?: SignOptions): Promise<PaymentPayload>;
  /** The payment as a header value. */
  header(required: PaymentRequired, options?: BuyOptions): Promise<string>;
  /**
   * Requests without payment, signs an offer of the 402, requests again. @throws if the first response has no challenge
   */
  buy(url: string, init?: RequestInit, options?: BuyOptions): Promise<Purchase>;
}

/** @param privateKey 32 bytes of hex; a new key if omitted */
export function payer(privateKey: Hex = generatePrivateKey()): Payer {
  const account = privateKeyToAccount(privateKey);
  const sign = (required: PaymentRequired, options?: SignOptions): Promise<PaymentPayload> =>
    signPayment(account, required, options);
  return {
    address: account.address,
    account,
    sign,
    header: async (required, options = {}) => (options.encode ?? encodeHeader)(await sign(required, options)),
    async buy(url, init = {}, options = {}) {
      const unpaid = await fetch(url, { redirect: "manual", ...init });
      await unpaid.arrayBuffer();
      const challenge = readChallenge(unpaid);
      if (!challenge)
        throw new Error(`${url} responded ${unpaid.status} without PAYMENT-REQUIRED: is this route priced?`);
      const payload = await sign(challenge, options);
      const header = (options.encode ?? encodeHeader)(payload);
      const headers = new Headers(init.headers);
      headers.set("payment-signature", header);
      const response = await fetch(url, { redirect: "manual", ...init, headers });
      const receipt = readReceipt(response);
      return { challenge, payload, header, response, ...(receipt ? { receipt } : {}) };
    },
  };
}
