import { FacilitatorError } from "../errors.js";
import { sameJson } from "../protocol/json.js";
import type {
  FacilitatorRequest,
  JsonObject,
  SettlementResponse,
  SupportedKind,
  VerifyResponse,
} from "../protocol/types.js";
import type { Awaitable } from "../seam.js";
import { within } from "../within.js";
import { now } from "./breaker.js";
import type { Caller } from "./caller.js";
import { type Lane, type SettleOptions, unavailable } from "./lane.js";
import { createMember, type FacilitatorHealth, type Member } from "./member.js";
import { covers, findKind } from "./supported.js";
import { createSurvey } from "./survey.js";
import { GRACE } from "./time-limit.js";
import type { Facilitator } from "./types.js";
import { verifyAt } from "./verify-tries.js";

export type { FacilitatorHealth } from "./member.js";

/** Timeouts of one call, in milliseconds. */
export interface FacilitatorTimeouts {
  /** For all tries at one facilitator. */
  readonly verify: number;
  /** At most; an offer's own time limit may be shorter. */
  readonly settle: number;
  readonly supported: number;
}

/** A facilitator that serves an offer, with its entry for that kind. */
export interface Selected {
  readonly facilitator: Facilitator;
  readonly kind: SupportedKind;
  /** Ids of the extensions that it implements. */
  readonly extensions: readonly string[];
}

/** A facilitator's verdict on a payment. */
export interface Verified {
  readonly facilitator: Facilitator;
  readonly answer: VerifyResponse;
}

/** The facilitators of one engine, in the seller's order. Every rejection is a FacilitatorError. */
export interface FacilitatorPool {
  /** Grows whenever offers may change: data derived from `peek` is then out of date. */
  readonly version: number;
  /** Milliseconds after which `verify` ends, whichever facilitator hangs. */
  readonly verifyLimit: number;
  /**
   * The facilitator whose terms offers of a scheme on a network use: `undefined` if unknown, `null` if none serves it.
   * The preferred one's; the next one's while the preferred one cannot be called and their terms differ.
   */
  peek(scheme: string, network: string): Selected | undefined | null;
  /** The same, calling facilitators if needed. Rejects if none is available. */
  find(scheme: string, network: string): Awaitable<Selected>;
  /** All facilitators known to serve a scheme on a network: an offer may have used the terms of any. */
  serving(scheme: string, network: string): readonly Selected[];
  /** The facilitator that a payment was pinned to. */
  named(id: string): Facilitator | undefined;
  /**
   * Verifies at the preferred facilitator that can be called, then at the next; only at those on whose terms the
   * payment was offered. If one does not respond, it is called once more. All tries at one share the limit of `verify`,
   * and all facilitators together have twice that. Rejects with the error of the first one called; with
   * `facilitator_unavailable` if none can be called.
   */
  verify(request: FacilitatorRequest, caller?: Caller): Promise<Verified>;
  /** The facilitator to settle an unverified payment. Rejects as `verify` does. */
  select(request: FacilitatorRequest, caller?: Caller): Promise<Facilitator>;
  /** Another one for a settlement that `than` provably never sent; `undefined` if there is none now. Never rejects. */
  instead(than: Facilitator, request: FacilitatorRequest, caller?: Caller): Promise<Facilitator | undefined>;
  /** Calls one facilitator, once. */
  settle(facilitator: Facilitator, request: FacilitatorRequest, options?: SettleOptions): Promise<SettlementResponse>;
  /** Ids of those known to repeat a success to any caller. */
  readonly retellers: readonly string[];
  /** The health of each, as far as known. */
  health(): readonly FacilitatorHealth[];
  /** The same, after checking those that are unhealthy or unknown; waits at most a second. Never rejects. */
  check(): Promise<readonly FacilitatorHealth[]>;
}

export interface PoolSettings {
  /**
   * Members of `extra` that offers of a scheme copy from a facilitator (`fromSupported`): its terms. Only facilitators
   * with the same terms may be called for a payment.
   */
  readonly takenOver: (scheme: string, network: string) => readonly string[];
  /** Called when the state of a facilitator has changed. What it throws is ignored. */
  readonly onChange?: (health: FacilitatorHealth) => void;
}

/** How many times the limit of one facilitator a verification may take at all of them together. */
const SPAN = 2;
/** Milliseconds that a check of health waits. */
const LOOK = 1_000;

/** A facilitator that may be called for a payment. */
interface Candidate {
  readonly facilitator: Facilitator;
  readonly lane: Lane;
}

/** Starts nothing: everything is decided when calls come. */
export function createPool(
  facilitators: readonly Facilitator[],
  timeouts: FacilitatorTimeouts,
  { takenOver, onChange }: PoolSettings,
): FacilitatorPool {
  let version = 0;
  const members: readonly Member[] = facilitators.map((facilitator) =>
    createMember(facilitator, timeouts.supported, {
      supportedChanged: () => {
        version++;
      },
      breakerChanged: (network) => {
        if (bindsTerms(network)) version++;
      },
      healthChanged: (health) => {
        try {
          onChange?.(health);
        } catch {
          // The seller's observer must not affect a payment.
        }
      },
    }),
  );
  const survey = createSurvey(members, timeouts.supported);

  /** Whether the terms of two facilitators are the same. */
  const sameTerms = (scheme: string, network: string, a: JsonObject = {}, b: JsonObject = {}) =>
    takenOver(scheme, network).every((name) => sameJson(a[name], b[name]));

  /** Whether some scheme on a network comes with different terms from different facilitators. */
  const bindsTerms = (network: string): boolean => {
    const kinds = members
      .flatMap(({ supported }) => supported.answer?.kinds ?? [])
      .filter((kind) => covers(kind, network));
    return kinds.some(({ scheme, extra }) =>
      kinds.some((other) => other.scheme === scheme && !sameTerms(scheme, network, extra, other.extra)),
    );
  };

  const peek: FacilitatorPool["peek"] = (scheme, network) => {
    let preferred: Selected | undefined;
    let certain = true;
    let awaited = false;
    for (const member of members) {
      const { supported } = member;
      supported.refresh();
      if (!supported.answer) certain = false;
      awaited ||= supported.isNew;
      const selected = selection(member, scheme, network);
      if (!selected) continue;
      // An earlier one that has not responded yet may still turn out to be preferred.
      if (awaited) return undefined;
      preferred ??= selected;
      if (member.isOpen(network)) continue;
      return sameTerms(scheme, network, selected.kind.extra, preferred.kind.extra) ? preferred : selected;
    }
    return preferred ?? (certain ? null : undefined);
  };

  const serves = ({ paymentRequirements }: FacilitatorRequest) => {
    const { scheme, network, extra } = paymentRequirements;
    return (member: Member): Candidate | undefined => {
      const kind = selection(member, scheme, network)?.kind;
      if (!kind || !sameTerms(scheme, network, kind.extra, extra)) return undefined;
      return { facilitator: member.facilitator, lane: member.lane(network) };
    };
  };

  /** Facilitators that may be called for a payment, in the seller's order; at least one. */
  const candidates = (request: FacilitatorRequest): Promise<readonly Candidate[]> => {
    const { scheme, network } = request.paymentRequirements;
    for (const { supported } of members) supported.refresh();
    return survey.find(serves(request), `${scheme} on ${network}`);
  };

  /** Those that responded too late to be among the first. */
  const others = async (request: FacilitatorRequest, known: readonly Candidate[]): Promise<readonly Candidate[]> => {
    await survey.late();
    const all = members.flatMap((member) => serves(request)(member) ?? []);
    return all.filter(({ lane }) => known.every((candidate) => candidate.lane !== lane));
  };

  /**
   * One that is preferred to the one called now, and is due for a trial, gets a copy of the verification: it reserves
   * nothing, and no buyer waits for a facilitator that may still hang.
   */
  const tryPreferred = async (
    all: readonly Candidate[],
    chosen: Candidate,
    request: FacilitatorRequest,
    caller: Caller | undefined,
  ): Promise<Verified | undefined> => {
    const preferred = all.slice(0, all.indexOf(chosen));
    const due = preferred.find(({ lane }) => lane.isOpen(caller) && lane.enter(caller));
    if (!due) return undefined;
    const { facilitator, lane } = due;
    return lane.verify(request, timeouts.verify, caller).then(
      (answer) => ({ facilitator, answer }),
      () => undefined,
    );
  };

  const verify: FacilitatorPool["verify"] = async (request, caller) => {
    const all = await candidates(request);
    const deadline = now() + SPAN * timeouts.verify;
    let failure: unknown;
    const verifyAtOneOf = async (some: readonly Candidate[]): Promise<Verified | undefined> => {
      for (const { facilitator, lane } of some) {
        const limit = Math.min(timeouts.verify, deadline - now());
        if (limit < timeouts.verify / 10 || !lane.enter(caller)) continue;
        try {
          return { facilitator, answer: await verifyAt(lane, request, limit, caller) };
        } catch (error) {
          failure ??= error;
        }
      }
      return undefined;
    };

    const closed = all.filter(({ lane }) => !lane.isOpen(caller));
    const stopped = all.filter(({ lane }) => lane.isOpen(caller));
    const trial = closed[0] && stopped[0] && tryPreferred(all, closed[0], request, caller);
    const verified =
      (await verifyAtOneOf([...closed, ...stopped])) ??
      (await verifyAtOneOf(await others(request, all))) ??
      (await trial);
    if (verified) return verified;
    throw (
      failure ??
      unavailable(
        all.map(({ lane }) => lane),
        caller,
      )
    );
  };

  /** The first that can be called; one that is full only if all are. */
  const choose = (
    all: readonly Candidate[],
    request: FacilitatorRequest,
    caller: Caller | undefined,
  ): Candidate | undefined => {
    const closed = all.filter(({ lane }) => !lane.isOpen(caller));
    const chosen = closed.find(({ lane }) => lane.hasRoom()) ?? closed[0];
    if (!chosen) return all.find(({ lane }) => lane.enter(caller));
    tryPreferred(all, chosen, request, caller);
    return chosen;
  };

  const health = () => members.map((member) => member.health());

  return {
    get version() {
      return version;
    },
    verifyLimit: timeouts.supported + SPAN * timeouts.verify + GRACE,
    peek,
    find: (scheme, network) =>
      peek(scheme, network) ??
      survey
        .find((member) => selection(member, scheme, network), `${scheme} on ${network}`)
        .then((found) => peek(scheme, network) ?? (found[0] as Selected)),
    serving: (scheme, network) => members.flatMap((member) => selection(member, scheme, network) ?? []),
    named: (id) => facilitators.find((facilitator) => facilitator.id === id),
    verify,
    select: async (request, caller) => {
      const all = await candidates(request);
      const chosen = choose(all, request, caller);
      if (!chosen)
        throw unavailable(
          all.map(({ lane }) => lane),
          caller,
        );
      return chosen.facilitator;
    },
    instead: async (than, request, caller) => {
      try {
        const known = await candidates(request);
        const all = [...known, ...(await others(request, known))];
        // Two members with one name are one service.
        const rest = all.filter(({ facilitator }) => facilitator.id !== than.id);
        return choose(rest, request, caller)?.facilitator;
      } catch {
        return undefined;
      }
    },
    retellers: facilitators.filter(({ retells }) => retells === true).map(({ id }) => id),
    settle: async (facilitator, request, options) => {
      const { network, maxTimeoutSeconds } = request.paymentRequirements;
      // Another engine of this process may have verified it, at an object of its own for the same service.
      const member =
        members.find((one) => one.facilitator === facilitator) ??
        members.find((one) => one.facilitator.id === facilitator.id);
      if (!member) throw stranger();
      return member.lane(network).settle(request, Math.min(timeouts.settle, maxTimeoutSeconds * 1_000), options);
    },
    health,
    check: async () => {
      const news = Promise.all(members.map((member) => member.look()));
      await within<unknown>(news, LOOK, () => undefined);
      return health();
    },
  };
}

function selection({ facilitator, supported }: Member, scheme: string, network: string): Selected | undefined {
  const { answer } = supported;
  const kind = answer && findKind(answer, scheme, network);
  return kind && { facilitator, kind, extensions: answer.extensions };
}

function stranger(): FacilitatorError {
  const message = "The facilitator is not configured";
  return new FacilitatorError("facilitator_unsupported", message, { sent: false });
}
