import type { RouteOptions } from "../config.js";
import type { FacilitatorPool } from "../facilitator/pool.js";
import type { Ledger } from "../ledger/ledger.js";
import { memoryStore } from "../ledger/memory.js";
import type { Store } from "../ledger/store.js";
import type { Registry } from "../pricing/registry.js";
import type { PaymentPayload, PaymentRequirements, VerifyResponse } from "../protocol/types.js";
import type { PaymentIdentity, Scheme, SignatureCheck } from "../schemes/scheme.js";
import type { Payment, Reply } from "../seam.js";
import type { ReplyCache } from "./challenge.js";
import type { Extension } from "./extension.js";
import type { Offer } from "./offer.js";

/** What all routes of one engine share. */
export interface Engine {
  readonly registry: Registry;
  readonly schemes: readonly Scheme[];
  readonly pool: FacilitatorPool;
  /** The configuration names its facilitators; else the public ones of test networks serve. */
  readonly ownFacilitators: boolean;
  readonly ledger: Ledger;
  /** The public origin, if configured. */
  readonly origin: string | undefined;
  /** Milliseconds for a facilitator's verify. */
  readonly verifyTimeout: number;
  /** Unpaid answers to fixed prices. */
  readonly replies: ReplyCache;
  readonly shared: SharedState;
}

/** What engines of one process share, also when a bundler has loaded this module twice. */
export interface SharedState {
  /** Verifications under way, by payment and proof: fifty copies of a payment make one call. */
  readonly attempts: Map<string, Promise<VerifyResponse>>;
  /** Requests that were admitted, by the framework's own request. */
  readonly admitted: WeakMap<object, Admission>;
  /** The store of engines whose configuration names none. */
  readonly store: Store;
}

/** What a request was admitted for. */
export interface Admission {
  /** Equal for equal prices. */
  readonly price: string;
  readonly payment?: Payment;
}

/** A route after its options were checked. */
export interface RouteTerms<Raw> {
  /** For example `GET /weather`; empty if its price stands on the route itself. */
  readonly label: string;
  readonly flow: "authorization" | "upfront";
  readonly handlerTimeout: number;
  readonly holdBytes: number;
  readonly holdIdle: number;
  readonly signatures: SignatureCheck | undefined;
  readonly extensions: readonly Extension[];
  readonly description: string | undefined;
  /** Members of `resource` beside its URL. */
  readonly resource: Readonly<Record<string, unknown>>;
  readonly preview: RouteOptions<Raw>["preview"];
  /** The offers for a request at its price; a Reply refuses the request before any payment is asked. */
  readonly offers: readonly Offer[] | ((request: Raw) => Promise<readonly Offer[] | Reply>);
}

/** A payment as the engine works with it. */
export interface Presented {
  readonly payload: PaymentPayload;
  readonly scheme: Scheme;
  /** What it pays for: the server's own offer, or that of its record. */
  readonly requirements: PaymentRequirements;
  readonly identity: PaymentIdentity;
  /** Ids of the extensions that were offered; a receipt may speak of these. */
  readonly extensions: readonly string[];
}

const KEY = Symbol.for("turnpike");

/** The process-wide state, made by whoever comes first. */
export function sharedState(): SharedState {
  const holder = globalThis as { [KEY]?: SharedState };
  holder[KEY] ??= { attempts: new Map(), admitted: new WeakMap(), store: memoryStore() };
  return holder[KEY];
}
