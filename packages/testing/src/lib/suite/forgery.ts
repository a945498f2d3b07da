import { randomBytes } from "node:crypto";
import type { PaymentPayload, PaymentRequired } from "@turnpike/core/protocol";
import { encodeHeader } from "../client/header.js";
import type { Behaviour } from "../facilitator/behaviour.js";
import * as faults from "../facilitator/faults.js";

const FORGED = `0x${"ab".repeat(65)}`;

/** A payment with a forged signature. It names another payer each time, unless one is given. */
export function forge(challenge: PaymentRequired, from = `0x${randomBytes(20).toString("hex")}`): string {
  const [accepted] = challenge.accepts;
  if (!accepted) throw new Error("The challenge has no offer.");
  const now = Math.floor(Date.now() / 1000);
  const authorization = {
    from,
    to: accepted.payTo,
    value: accepted.amount,
    validAfter: String(now - 60),
    validBefore: String(now + accepted.maxTimeoutSeconds),
    nonce: `0x${randomBytes(32).toString("hex")}`,
  };
  const payload: PaymentPayload = {
    x402Version: 2,
    resource: challenge.resource,
    accepted,
    payload: { signature: FORGED, authorization },
  };
  return encodeHeader(payload);
}

/** Whether what a facilitator or a local check is asked about holds a forgery. */
export function isForged(body: unknown): boolean {
  return JSON.stringify(body).includes(FORGED);
}

/** Does one thing with forgeries, and another (honestly unless told) with all else. */
export function onForged(behaviour: Behaviour, otherwise: Behaviour = faults.ok()): Behaviour {
  return (call) => (isForged(call.body) ? behaviour : otherwise)(call);
}
