import { isAddress } from "@turnpike/core/chain";
import type { FacilitatorRequest } from "@turnpike/core/protocol";
import { type Fault, readTransfer, type Transfer, wantsEip3009 } from "./transfer.js";

/** Seconds that a payment must still be valid, so that a block can include it. */
const LAST_BLOCKS = 6;
/** Seconds that two clocks may differ; the chain's own decides. */
const CLOCK_SKEW = 30;

/** What a facilitator serves. */
export interface Domain {
  /** CAIP-2 id. */
  readonly network: string;
  /** Token addresses in lower case; absent: any. */
  readonly tokens?: ReadonlySet<string>;
}

/** Reads the transfer that a request asks for. Answers need no chain: shape, network, token, recipient, amount. */
export function readRequest(request: FacilitatorRequest, { network, tokens }: Domain): Transfer | Fault {
  const { paymentPayload: payload, paymentRequirements: requirements } = request;
  if (request.x402Version !== 2 || payload.x402Version !== 2) return { fault: "invalid_x402_version" };
  if (requirements.scheme !== "exact") return { fault: "unsupported_scheme" };
  if (payload.accepted.scheme !== requirements.scheme) return { fault: "invalid_scheme" };
  if (requirements.network !== network || payload.accepted.network !== network) return { fault: "invalid_network" };
  if (!wantsEip3009(requirements) || !isAddress(requirements.payTo)) return { fault: "invalid_payment_requirements" };
  const transfer = readTransfer(payload, requirements);
  if ("fault" in transfer) return transfer;
  if (tokens && !tokens.has(transfer.token)) return { fault: "invalid_payment_requirements" };
  if (transfer.to !== requirements.payTo.toLowerCase())
    return { fault: "invalid_exact_evm_payload_recipient_mismatch" };
  if (String(transfer.value) !== requirements.amount) {
    return { fault: "invalid_exact_evm_payload_authorization_value_mismatch" };
  }
  return transfer;
}

/** Whether the transfer's window is open by this process's clock, and long enough for a block. */
export function checkWindow(
  { validAfter, validBefore }: Transfer,
  now = Math.floor(Date.now() / 1000),
): Fault | undefined {
  if (validBefore < BigInt(now + LAST_BLOCKS)) return { fault: "invalid_exact_evm_payload_authorization_valid_before" };
  if (validAfter > BigInt(now + CLOCK_SKEW)) return { fault: "invalid_exact_evm_payload_authorization_valid_after" };
  return undefined;
}

/** Who pays, where the request says so in a readable way. */
export function readPayer({ paymentPayload }: FacilitatorRequest): string | undefined {
  const authorization = paymentPayload.payload.authorization;
  if (typeof authorization !== "object" || authorization === null) return undefined;
  const { from } = authorization as Record<string, unknown>;
  return isAddress(from) ? from : undefined;
}
