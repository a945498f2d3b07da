import type { Conclusion, Outcome, Ticket } from "../src/lib/seam.js";

export const released: Conclusion = { type: "release", set: [["payment-response", "receipt"]], remove: ["x-secret"] };

/** A ticket that remembers what it was told. */
export function issueTicket(
  plan: { conclusion?: Conclusion; hold?: number; keep?: number; idle?: number; signal?: AbortSignal } = {},
) {
  const outcomes: Outcome[] = [];
  const delivered: boolean[] = [];
  const ticket: Ticket = {
    hold: plan.hold ?? 1024,
    keep: plan.keep ?? 1024,
    idle: plan.idle ?? 5000,
    signal: plan.signal ?? new AbortController().signal,
    conclude: async (outcome) => {
      outcomes.push(outcome);
      return plan.conclusion ?? released;
    },
    delivered: async (whole) => void delivered.push(whole),
  };
  return { ticket, outcomes, delivered };
}

/** A Response whose body is fed from outside. */
export function feedResponse(init?: ResponseInit) {
  let controller!: ReadableStreamDefaultController<unknown>;
  const cancelled: unknown[] = [];
  const body = new ReadableStream({
    start: (started) => {
      controller = started;
    },
    cancel: (reason) => {
      cancelled.push(reason);
    },
  });
  const push = (text: string) => controller.enqueue(new TextEncoder().encode(text));
  return { response: new Response(body as ReadableStream<Uint8Array>, init), push, controller, cancelled };
}

export const text = (body: Uint8Array | undefined) => new TextDecoder().decode(body);

/** Until timers and microtasks that are due have run. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
