import { randomBytes } from "node:crypto";
import type { ChainReader } from "@turnpike/core";
import type { FacilitatorRequest, PaymentPayload, SettlementResponse, VerifyResponse } from "@turnpike/core/protocol";
import { type Address, type Hex, recoverTypedDataAddress } from "viem";
import { authorizationTypes } from "../authorization.js";

/** A transfer, as a chain would show it. */
export interface Charge {
  readonly payer: string;
  readonly payTo: string;
  /** Atomic units. */
  readonly amount: string;
  readonly asset: string;
  /** CAIP-2 id. */
  readonly network: string;
  readonly nonce: string;
  readonly transaction: string;
}

export interface ChainOptions {
  /** Atomic units by payer. @default unlimited */
  readonly balances?: Readonly<Record<string, bigint>>;
  /** A second settlement of one authorisation repeats the first one's success. @default false: it fails */
  readonly idempotent?: boolean;
}

/** A chain of one token contract per asset, with EIP-3009 as its only way to move money. */
export interface Chain {
  readonly charges: readonly Charge[];
  verify(body: unknown): Promise<VerifyResponse>;
  settle(body: unknown): Promise<SettlementResponse>;
  /** Settles, but calls the transaction pending; the next `settle` of the same payment finds it confirmed. */
  broadcast(body: unknown): Promise<SettlementResponse>;
  /** The payer spends a payment's nonce without paying, as `cancelAuthorization` does; too late if it has settled. */
  cancel(payload: PaymentPayload): void;
  /** What a node would say of this chain. */
  readonly reader: ChainReader;
}

interface Inspected {
  readonly reason?: string;
  readonly payer?: string;
  readonly charge?: Omit<Charge, "transaction">;
}

export function createChain(options: ChainOptions = {}, networks: readonly string[] = []): Chain {
  const charges: Charge[] = [];
  const settled = new Map<string, Charge>();
  /** Of each charge: when it moved, and by which signature. */
  const deeds = new WeakMap<Charge, { readonly time: number; readonly signature: unknown }>();
  const unconfirmed = new Set<string>();
  const cancelled = new Set<string>();
  const balances = new Map(
    Object.entries(options.balances ?? {}).map(([payer, amount]) => [payer.toLowerCase(), amount]),
  );

  async function inspect(body: unknown): Promise<Inspected> {
    try {
      return await readPayment(body as FacilitatorRequest);
    } catch {
      return { reason: "invalid_payload" };
    }
  }

  function shortOfMoney(charge: Omit<Charge, "transaction">): boolean {
    const balance = balances.get(charge.payer.toLowerCase());
    return balance !== undefined && balance < BigInt(charge.amount);
  }

  async function settle(body: unknown): Promise<SettlementResponse> {
    const { charge, payer, reason } = await inspect(body);
    const network = networkOf(body);
    const failed = (errorReason: string): SettlementResponse => ({
      success: false,
      errorReason,
      transaction: "",
      network,
      ...(payer ? { payer } : {}),
    });
    if (!charge) return failed(reason ?? "invalid_payload");
    const key = nameOf(charge);
    const earlier = settled.get(key);
    if (earlier) {
      if (!unconfirmed.delete(key) && !options.idempotent) return failed("nonce_used");
      return receipt(earlier);
    }
    if (cancelled.has(key)) return failed("nonce_used");
    if (shortOfMoney(charge)) return failed("insufficient_funds");
    const done: Charge = { ...charge, transaction: `0x${randomBytes(32).toString("hex")}` };
    settled.set(key, done);
    charges.push(done);
    deeds.set(done, {
      time: Date.now() / 1000,
      signature: (body as FacilitatorRequest).paymentPayload.payload.signature,
    });
    const balance = balances.get(charge.payer.toLowerCase());
    if (balance !== undefined) balances.set(charge.payer.toLowerCase(), balance - BigInt(charge.amount));
    return receipt(done);
  }

  return {
    charges,
    settle,
    async verify(body) {
      const { charge, payer, reason } = await inspect(body);
      const invalidReason = !charge
        ? (reason ?? "invalid_payload")
        : cancelled.has(nameOf(charge)) || (settled.has(nameOf(charge)) && !options.idempotent)
          ? "invalid_transaction_state"
          : shortOfMoney(charge)
            ? "insufficient_funds"
            : undefined;
      return {
        isValid: invalidReason === undefined,
        ...(invalidReason ? { invalidReason } : {}),
        ...(payer ? { payer } : {}),
      };
    },
    async broadcast(body) {
      const answer = await settle(body);
      const charge = charges.find(({ transaction }) => transaction === answer.transaction);
      if (!charge) return answer;
      unconfirmed.add(nameOf(charge));
      return { ...answer, success: false, errorReason: "settlement_pending" };
    },
    cancel(payload) {
      const key = keyOf(payload);
      if (!settled.has(key)) cancelled.add(key);
    },
    reader: {
      networks,
      find: ({ payload, claim }) => {
        const key = keyOf(payload);
        const charge = unconfirmed.has(key) ? undefined : settled.get(key);
        if (charge) {
          const { time = 0, signature } = deeds.get(charge) ?? {};
          const own = !claim || (time >= claim.since && (!claim.signed || signature === payload.payload.signature));
          return { type: "settled", transaction: charge.transaction, final: true, own };
        }
        return cancelled.has(key) ? { type: "spent", final: true } : { type: "unused", expired: false };
      },
    },
  };
}

/** The name of the payment that a payload would make. */
function keyOf({ accepted: { network, asset }, payload }: PaymentPayload): string {
  const { from, nonce } = payload.authorization as { readonly from: string; readonly nonce: string };
  return nameOf({ network, asset, payer: from, nonce });
}

const nameOf = (charge: Pick<Charge, "network" | "asset" | "payer" | "nonce">): string =>
  [charge.network, charge.asset, charge.payer, charge.nonce].join(":").toLowerCase();

function receipt(charge: Charge): SettlementResponse {
  return { success: true, transaction: charge.transaction, network: charge.network, payer: charge.payer };
}

function networkOf(body: unknown): string {
  const requirements = (body as Partial<FacilitatorRequest> | null)?.paymentRequirements;
  return typeof requirements?.network === "string" ? requirements.network : "";
}

/** What the token contract and a strict facilitator would check of `exact` with EIP-3009. */
async function readPayment({
  x402Version,
  paymentPayload,
  paymentRequirements,
}: FacilitatorRequest): Promise<Inspected> {
  if (paymentPayload.x402Version !== 2 || x402Version !== 2) return { reason: "invalid_x402_version" };
  const { scheme, network, asset, amount, payTo, extra } = paymentRequirements;
  if (scheme !== "exact" || paymentPayload.accepted.scheme !== "exact") return { reason: "unsupported_scheme" };
  if (!network.startsWith("eip155:") || paymentPayload.accepted.network !== network)
    return { reason: "invalid_network" };
  const { authorization, signature } = paymentPayload.payload as {
    authorization: Record<"from" | "to" | "value" | "validAfter" | "validBefore" | "nonce", string>;
    signature: Hex;
  };
  const payer = authorization.from;
  const prefix = "invalid_exact_evm_payload";
  if (authorization.to.toLowerCase() !== payTo.toLowerCase()) return { payer, reason: `${prefix}_recipient_mismatch` };
  if (BigInt(authorization.value) !== BigInt(amount))
    return { payer, reason: `${prefix}_authorization_value_mismatch` };
  const now = BigInt(Math.floor(Date.now() / 1000));
  if (BigInt(authorization.validAfter) > now) return { payer, reason: `${prefix}_authorization_valid_after` };
  if (BigInt(authorization.validBefore) <= now) return { payer, reason: `${prefix}_authorization_valid_before` };
  // A wallet's checksum in the letter case of an address is no part of what it signs.
  const signer = await recoverTypedDataAddress({
    domain: {
      name: String(extra?.name),
      version: String(extra?.version),
      chainId: Number(network.slice("eip155:".length)),
      verifyingContract: asset.toLowerCase() as Address,
    },
    types: authorizationTypes,
    primaryType: "TransferWithAuthorization",
    message: {
      from: authorization.from.toLowerCase() as Address,
      to: authorization.to.toLowerCase() as Address,
      value: BigInt(authorization.value),
      validAfter: BigInt(authorization.validAfter),
      validBefore: BigInt(authorization.validBefore),
      nonce: authorization.nonce.toLowerCase() as Hex,
    },
    signature: signature.toLowerCase() as Hex,
  });
  if (signer.toLowerCase() !== payer.toLowerCase()) return { payer, reason: `${prefix}_signature` };
  return { payer, charge: { payer, payTo, amount, asset, network, nonce: authorization.nonce } };
}
