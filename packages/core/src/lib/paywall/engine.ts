import type { PayTo, PayToAddress, RouteOptions } from "../config.js";
import type { FacilitatorPool, FacilitatorTimeouts, Verified } from "../facilitator/pool.js";
import type { Turns } from "../facilitator/turns.js";
import type { Ledger } from "../ledger/ledger.js";
import { memoryStore } from "../ledger/memory.js";
import type { Store } from "../ledger/store.js";
import type { Price } from "../prices.js";
import type { Registry } from "../pricing/registry.js";
import type { FacilitatorRequest, PaymentPayload, PaymentRequirements } from "../protocol/types.js";
import type { ChainReader, Finality } from "../schemes/chain.js";
import type { PaymentFlow, PaymentIdentity, Scheme, SignatureCheck } from "../schemes/scheme.js";
import type { Payment, Reply } from "../seam.js";
import { shared } from "../shared.js";
import type { ReplyCache } from "./challenge.js";
import type { Clients } from "./client.js";
import type { Reporter } from "./events.js";
import type { Extension } from "./extension.js";
import type { Hooks } from "./hooks.js";
import type { Guard } from "./limits.js";
import type { Offer } from "./offer.js";
import type { OpenAttempts } from "./open-attempts.js";
import type { Room } from "./room.js";
import type { Naming } from "./route-name.js";
import type { StartWarnings } from "./start-warnings.js";

/** What all routes of one engine share. */
export interface Engine {
  readonly registry: Registry;
  readonly schemes: readonly Scheme[];
  readonly pool: FacilitatorPool;
  /** Equal for engines with the same facilitators. */
  readonly poolKey: string;
  /** The configuration names its facilitators; else the public ones of test networks serve. */
  readonly ownFacilitators: boolean;
  readonly ledger: Ledger;
  /** The public origin, if configured; it may end in the path that a proxy strips. */
  readonly origin: string | undefined;
  readonly chains: readonly ChainReader[];
  readonly guard: Guard;
  readonly clients: Clients;
  /** The places at the facilitators of a network. */
  readonly turns: (network: string) => Turns;
  readonly openAttempts: OpenAttempts;
  readonly room: Room;
  readonly reporter: Reporter;
  /** Payments that are between their claim and their end in this process. */
  readonly open: Set<Promise<unknown>>;
  readonly timeouts: FacilitatorTimeouts;
  /** Unpaid responses to fixed prices. */
  readonly replies: ReplyCache;
  /** The prices that were compiled under each label. */
  readonly labels: Map<string, Set<unknown>>;
  /** Keys the digests of buyers' credentials, beside each record's own salt. */
  readonly secret: string | undefined;
  readonly shared: SharedState;
  readonly warnings: StartWarnings;
}

/** What engines of one process share, also when a bundler has loaded this module twice. */
export interface SharedState {
  /** Verifications under way, by payment and proof: fifty copies of a payment make one call. */
  readonly attempts: Map<string, Promise<Verified>>;
  /** Requests that were admitted, by the framework's own request. */
  readonly admitted: WeakMap<object, Admission>;
  /** The store of engines whose configuration names none. */
  readonly store: Store;
  /** What `openPaywall` has made, by what it was made of and by what it gave out. */
  readonly opened: WeakMap<object, object>;
  /** Warnings that this process was given. */
  readonly warned: Set<string>;
}

/** What a request was admitted for. */
export interface Admission {
  /** Equal for equal prices. */
  readonly price: string;
  readonly payment?: Payment;
  /** The route's label; empty if it has none. */
  readonly label: string;
  /** Why the request is not any more the one that was admitted, if so. */
  changed(): string | undefined;
  /** Whether this is what was asked for it. */
  costs(price: Price): boolean;
}

/** A route after its options were checked. */
export interface RouteTerms<Raw> {
  /** What a payment is bound to: the label, or the table's key; empty if its price stands on the route itself. */
  readonly label: string;
  readonly naming: Naming;
  readonly flow: PaymentFlow;
  /** Settles after the response. */
  readonly background: boolean;
  readonly finality: "facilitator" | Finality;
  readonly handlerTimeout: number;
  readonly holdBytes: number;
  readonly holdIdle: number;
  readonly keepBytes: number;
  readonly keep: "buyer" | "public" | false;
  /** The user that a request comes from, as the seller knows it. */
  readonly buyer: RouteOptions<Raw>["buyer"];
  /** Lower-case names of request fields that tell buyers apart, beside the usual ones. */
  readonly credentials: readonly string[];
  /** Whether an offer of this route asks exactly this. */
  costs(price: Price, requirements: PaymentRequirements): boolean;
  readonly collectSeconds: number;
  /** Seconds that a payment must still be valid when it arrives: for the handler and the settlement. */
  readonly needSeconds: number;
  readonly hooks: Hooks<Raw>;
  readonly signatures: SignatureCheck | undefined;
  readonly extensions: readonly Extension[];
  readonly description: string | undefined;
  /** Members of `resource` beside its URL. */
  readonly resource: Readonly<Record<string, unknown>>;
  readonly preview: RouteOptions<Raw>["preview"];
  /** Gives the recipient, which the offers then lack. */
  readonly payTo: Exclude<PayTo, PayToAddress> | undefined;
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
  /** Ids of the extensions that were offered; a receipt may name these. */
  readonly extensions: readonly string[];
}

/** What a facilitator is asked about a payment. */
export function facilitatorRequest({ payload, requirements }: Pick<Presented, "payload" | "requirements">) {
  const request: FacilitatorRequest = { x402Version: 2, paymentPayload: payload, paymentRequirements: requirements };
  return request;
}

/** What all engines of the process share. */
export function sharedState(): SharedState {
  return shared<SharedState>("turnpike", () => ({
    attempts: new Map(),
    admitted: new WeakMap(),
    store: memoryStore(),
    opened: new WeakMap(),
    warned: new Set(),
  }));
}
