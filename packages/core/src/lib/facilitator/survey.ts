import { FacilitatorError } from "../errors.js";
import { within } from "../within.js";
import { now } from "./breaker.js";
import type { Member } from "./member.js";

/** Milliseconds to wait for one facilitator, once, while another is available. */
const PATIENCE = 500;
/** Milliseconds after which a request checks again whether a facilitator is available. */
const STEP = 1_000;
/** Most requests that wait at once to learn which facilitators serve a kind; more are refused. */
const MAX_WAITING = 1_000;

export interface Survey {
  /**
   * Finds the facilitators that serve something, in the seller's order; at least one. All candidates are called at
   * once, and it ends when the first of them is certain: others may be missing. Rejects with a FacilitatorError if none
   * serves it, or none responds.
   */
  find<T>(serves: (member: Member) => T | undefined, what: string): Promise<readonly T[]>;
  /** Waits a moment for missing ones. Never rejects. */
  late(): Promise<void>;
}

/** @param timeout milliseconds that a request waits for responses */
export function createSurvey(members: readonly Member[], timeout: number): Survey {
  const waiting = new Map<string, number>();

  const wait = async (questions: readonly Promise<void>[], longest: number, what: string): Promise<void> => {
    const ahead = waiting.get(what) ?? 0;
    if (ahead >= MAX_WAITING) {
      const message = `${ahead} requests are waiting to learn which facilitator serves ${what}`;
      throw new FacilitatorError("facilitator_busy", message, { sent: false, retryAfter: 1 });
    }
    waiting.set(what, ahead + 1);
    try {
      // Each with its own timer: on edge runtimes the call ends with its request.
      await within(Promise.race(questions), longest, () => undefined);
    } finally {
      waiting.set(what, (waiting.get(what) ?? 1) - 1);
    }
  };

  const late: Survey["late"] = async () => {
    const questions = members.flatMap(({ supported }) => (supported.isNew ? (supported.ask(false) ?? []) : []));
    if (questions.length > 0) await within<unknown>(Promise.all(questions), PATIENCE, () => undefined);
  };

  const find: Survey["find"] = async (serves, what) => {
    const started = now();
    for (;;) {
      const first = members.findIndex((member) => serves(member) !== undefined);
      const served = first >= 0;
      // Those whose response can still change the choice.
      const open = served ? members.slice(0, first).filter(({ supported }) => supported.isNew) : members;
      const left = started + (served ? PATIENCE : timeout) - now();
      const questions: Promise<void>[] = [];
      for (const { supported } of open) {
        if (left <= 0) supported.passOver();
        const question = left > 0 ? supported.ask(!served) : undefined;
        if (question) questions.push(question);
      }
      if (questions.length === 0) break;
      await wait(questions, Math.min(left, STEP), what);
    }
    const found = members.flatMap((member) => serves(member) ?? []);
    if (found.length > 0) return found;
    throw members.find(({ supported }) => supported.failure)?.supported.failure ?? nobody(members, what);
  };

  return { find, late };
}

function nobody(members: readonly Member[], what: string): FacilitatorError {
  return members.every(({ supported }) => supported.answer)
    ? new FacilitatorError("facilitator_unsupported", `No configured facilitator serves ${what}`, {
        sent: false,
      })
    : new FacilitatorError("facilitator_timeout", "The facilitator does not list what it supports", { sent: false });
}
