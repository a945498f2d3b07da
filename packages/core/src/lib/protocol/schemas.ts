import * as z from "../zod.js";
import { tidySettle, tidySupported, tidyVerify } from "./tolerance.js";
import type {
  FacilitatorRequest,
  PaymentPayload,
  PaymentRequirements,
  SettlementResponse,
  SupportedResponse,
  VerifyResponse,
} from "./types.js";

// Workers and pages with a content security policy forbid making code at run time.
z.config({ jitless: true });

/** An unsigned integer of at most 78 digits (2^256 has that many), in its only spelling. */
export const ATOMIC_AMOUNT = /^(0|[1-9][0-9]{0,77})$/;
/** CAIP-2: namespace and reference. */
export const CAIP2 = /^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$/;

/** The value, or where it does not match the protocol. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

type Schema = Parameters<typeof z.safeParse>[0];

/** Created when the first document is read: creating them takes longer than importing everything else. */
let made:
  | Record<
      "paymentPayload" | "facilitatorRequest" | "verifyResponse" | "settlementResponse" | "supportedResponse" | "kind",
      Schema
    >
  | undefined;

function schemas() {
  made ??= makeSchemas();
  return made;
}

function makeSchemas() {
  const text = (max: number) => z.string().check(z.refine((value) => value.length <= max));
  const matching = (pattern: RegExp) => z.string().check(z.refine((value) => pattern.test(value)));
  const number = (test: (value: number) => boolean) =>
    z.unknown().check(z.refine((value) => typeof value === "number" && test(value)));
  const jsonObject = z.looseObject({});
  /** Absent and `null` are the same: clients in other languages write `null` for missing members. */
  const optional = z.nullish;
  const version2 = number((value) => value === 2);
  const isTexts = (value: unknown) => Array.isArray(value) && value.every((item) => typeof item === "string");

  const resource = z.looseObject({
    url: text(4096),
    description: optional(text(4096)),
    mimeType: optional(text(256)),
  });

  const requirements = z.looseObject({
    scheme: text(64),
    network: matching(CAIP2),
    amount: matching(ATOMIC_AMOUNT),
    asset: text(256),
    payTo: text(256),
    maxTimeoutSeconds: number((value) => Number.isSafeInteger(value) && value >= 0),
    extra: optional(jsonObject),
  });

  const paymentPayload = z.looseObject({
    x402Version: version2,
    resource: optional(resource),
    accepted: requirements,
    payload: jsonObject,
    extensions: optional(jsonObject),
  });

  const facilitatorRequest = z.looseObject({
    x402Version: version2,
    paymentPayload,
    paymentRequirements: requirements,
  });

  const verifyResponse = z.object({
    isValid: z.boolean(),
    invalidReason: optional(text(256)),
    payer: optional(text(256)),
    extra: optional(jsonObject),
    extensions: optional(jsonObject),
  });

  const settlementResponse = z.object({
    success: z.boolean(),
    errorReason: optional(text(256)),
    payer: optional(text(256)),
    transaction: optional(text(256)),
    network: text(64),
    amount: optional(matching(ATOMIC_AMOUNT)),
    extensions: optional(jsonObject),
    extra: optional(jsonObject),
  });

  const kind = z.object({
    x402Version: number(() => true),
    scheme: text(64),
    network: text(64),
    extra: optional(jsonObject),
  });

  const supportedResponse = z.object({
    kinds: z.array(kind),
    extensions: optional(z.array(text(128))),
    signers: optional(jsonObject.check(z.refine((value) => Object.values(value).every(isTexts)))),
  });

  return { paymentPayload, facilitatorRequest, verifyResponse, settlementResponse, supportedResponse, kind };
}

/** A payment as a client sent it (core specification, 5.2). Unknown members are kept. */
export function parsePaymentPayload(value: unknown): Parsed<PaymentPayload> {
  return parse<PaymentPayload>(schemas().paymentPayload, value, (payload) => {
    const { accepted } = payload;
    return { ...dropNulls(payload), accepted: dropNulls<PaymentRequirements>(accepted) };
  });
}

/** The body of `/verify` and `/settle`, for facilitators (core specification, 7.1 and 7.2). */
export function parseFacilitatorRequest(value: unknown): Parsed<FacilitatorRequest> {
  return parse<FacilitatorRequest>(schemas().facilitatorRequest, value, (request) => ({
    x402Version: 2,
    paymentPayload: { ...dropNulls(request.paymentPayload), accepted: dropNulls(request.paymentPayload.accepted) },
    paymentRequirements: dropNulls(request.paymentRequirements),
  }));
}

/** A facilitator's response to `/verify` (core specification, 5.4). */
export function parseVerifyResponse(value: unknown): Parsed<VerifyResponse> {
  return parse<VerifyResponse>(schemas().verifyResponse, tidyVerify(value), dropNulls);
}

/**
 * A facilitator's response to `/settle` (core specification, 5.3). In a refusal a missing transaction or network reads
 * as `""`; a success must have both.
 */
export function parseSettlementResponse(value: unknown): Parsed<SettlementResponse> {
  return parse<SettlementResponse>(schemas().settlementResponse, tidySettle(value), (response) => {
    return { ...dropNulls(response), transaction: response.transaction ?? "" };
  });
}

/**
 * A facilitator's response to `/supported` (core specification, 7.3). Version 1 services send only `kinds`; kinds that
 * do not match the protocol are omitted.
 */
export function parseSupportedResponse(value: unknown): Parsed<SupportedResponse> {
  const { supportedResponse, kind } = schemas();
  const tidied = tidySupported(value, (entry) => z.safeParse(kind, entry).success);
  return parse<SupportedResponse>(supportedResponse, tidied, (response) => ({
    kinds: response.kinds.map((kind) => dropNulls(kind)),
    extensions: response.extensions ?? [],
    signers: response.signers ?? {},
  }));
}

/** A copy without the members that are `null` or `undefined`. */
function dropNulls<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null && member !== undefined)) as T;
}

function parse<T>(schema: Schema, value: unknown, finish: (value: T) => T): Parsed<T> {
  const result = z.safeParse(schema, value);
  if (result.success) return { value: finish(result.data as T) };
  const path = result.error.issues[0]?.path.join(".");
  return { problem: path ? `"${path}" is missing or has the wrong form` : "it is not an object of the expected form" };
}
