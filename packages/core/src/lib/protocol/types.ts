/**
 * The wire shapes of x402 version 2, under their own names (core specification, section 5).
 * Amounts are decimal strings of atomic units; times are whole seconds.
 */

/** A JSON object whose members are not validated yet. */
export type JsonObject = Record<string, unknown>;

/** What is being sold (section 5.1). */
export interface ResourceInfo {
  /** Absolute URL of the resource. */
  url: string;
  description?: string;
  mimeType?: string;
  /** Printable ASCII, at most 32 characters. */
  serviceName?: string;
  /** At most five, each printable ASCII of at most 32 characters. */
  tags?: string[];
  /** Absolute http or https URL of at most 2048 characters. */
  iconUrl?: string;
}

/** One way to pay: an entry of `accepts` (section 5.1.2). */
export interface PaymentRequirements {
  /** How value moves, for example `exact`. */
  scheme: string;
  /** CAIP-2 id, for example `eip155:84532`. */
  network: string;
  /** Atomic units of `asset`. */
  amount: string;
  /** Token contract, mint, or ISO 4217 code. */
  asset: string;
  payTo: string;
  /** Seconds within which the payment must be completed. */
  maxTimeoutSeconds: number;
  /** Scheme data. `assetTransferMethod` and `paymentFlow` are the protocol's own keys. */
  extra?: JsonObject;
}

/** An extension's entry in `PaymentRequired.extensions`. */
export interface ExtensionEntry {
  info: JsonObject;
  schema?: JsonObject;
  [sibling: string]: unknown;
}

/** The challenge in `PAYMENT-REQUIRED` (section 5.1). */
export interface PaymentRequired {
  x402Version: 2;
  error?: string;
  resource: ResourceInfo;
  accepts: PaymentRequirements[];
  extensions?: Record<string, ExtensionEntry>;
}

/** The payment in `PAYMENT-SIGNATURE` (section 5.2). */
export interface PaymentPayload {
  x402Version: 2;
  resource?: ResourceInfo;
  /** The offer that the client chose. */
  accepted: PaymentRequirements;
  /** Scheme data: the signed authorisation. */
  payload: JsonObject;
  extensions?: JsonObject;
}

/** The receipt in `PAYMENT-RESPONSE`, and a facilitator's response to `/settle` (section 5.3). */
export interface SettlementResponse {
  success: boolean;
  errorReason?: string;
  payer?: string;
  /** Transaction id; `""` when nothing was broadcast. */
  transaction: string;
  network: string;
  /** Atomic units that moved. */
  amount?: string;
  extensions?: JsonObject;
  extra?: JsonObject;
}

/** A facilitator's response to `/verify` (section 5.4). */
export interface VerifyResponse {
  isValid: boolean;
  invalidReason?: string;
  payer?: string;
  extra?: JsonObject;
  extensions?: JsonObject;
}

/** One combination that a facilitator serves (section 7.3). */
export interface SupportedKind {
  x402Version: number;
  scheme: string;
  network: string;
  extra?: JsonObject;
}

/** A facilitator's response to `/supported` (section 7.3). */
export interface SupportedResponse {
  kinds: SupportedKind[];
  extensions: string[];
  /** CAIP-2 pattern to addresses, for example `{"eip155:*": ["0x…"]}`. */
  signers: Record<string, string[]>;
}

/** The body of `POST /verify` and `POST /settle` (sections 7.1 and 7.2). */
export interface FacilitatorRequest {
  x402Version: 2;
  paymentPayload: PaymentPayload;
  paymentRequirements: PaymentRequirements;
}
