import type { Logger } from "../config.js";
import { environment, warnProcess } from "../process.js";
import { quietly } from "../quietly.js";
import { sharedState } from "./engine.js";

/** What a start may warn of. Each is said once: in this process, or of each engine. */
export type StartWarning = "TURNPIKE_MEMORY" | "TURNPIKE_CHAIN" | "TURNPIKE_BACKGROUND" | "TURNPIKE_RETELL";

export interface StartWarnings {
  /** Payments are recorded where one process sees them, and a restart forgets them. */
  store(name: string): void;
  /** Payments in real money are taken on networks without a chain to ask. */
  chain(networks: readonly string[]): void;
  /** Responses leave ahead of payments in real money, on networks without a chain to ask. */
  background(networks: readonly string[]): void;
  /** A facilitator repeats a success to any caller, and routes deliver for it. */
  retell(facilitators: readonly string[]): void;
}

/** What one engine says at its start. To the seller's logger; without one, by Node's own warning. */
export function createStartWarnings(logger: Logger | undefined): StartWarnings {
  const told = new Set<StartWarning>();
  // Next.js may load this module more than once.
  const { warned } = sharedState();
  const tell = (code: StartWarning, message: string, inDevelopment: boolean) => {
    if (told.has(code)) return;
    told.add(code);
    if (!logger && warned.has(message)) return;
    if (logger) quietly(() => logger.warn(message, { code }));
    else if (emit(code, message, inDevelopment)) warned.add(message);
  };
  return {
    store: (name) => {
      if (name !== "memory" || warned.has("TURNPIKE_MEMORY")) return;
      warned.add("TURNPIKE_MEMORY");
      tell(
        "TURNPIKE_MEMORY",
        "Turnpike records payments in the memory of this process: a restart loses them, including sales, and other processes do not see them. Configure a `store` before taking real money.",
        false,
      );
    },
    chain: (networks) => {
      if (networks.length === 0) return;
      tell(
        "TURNPIKE_CHAIN",
        `Turnpike takes payments on ${networks.join(", ")} without a \`chain\` to check them on. If the outcome of a settlement is unclear and the facilitator then says "already used", the payment stays unknown until you call \`paywall.resolve\`. Configure a node, such as \`chain: { base: "https://…" }\`.`,
        true,
      );
    },
    background: (networks) => {
      if (networks.length === 0) return;
      tell(
        "TURNPIKE_BACKGROUND",
        `A route with \`settle: "background"\` sends its response before it is paid, and there is no \`chain\` to check payments on ${networks.join(", ")}. A payer who cancels the payment in the meantime gets the response for free, and the payment may stay unknown, so that no limit counts it. Use \`settle: "after"\`, or configure a node, such as \`chain: { base: "https://…" }\`.`,
        true,
      );
    },
    retell: (facilitators) => {
      if (facilitators.length === 0) return;
      tell(
        "TURNPIKE_RETELL",
        `The facilitator ${facilitators.join(", ")} reports a success again to any caller. With \`settle: "before"\`, one payment could buy from every ledger that shares its \`payTo\`. Keep all payments to one address in one ledger.`,
        true,
      );
    },
  };
}

/** A build of Next.js loads the app's modules, and takes no payments. */
function emit(code: StartWarning, message: string, inDevelopment: boolean): boolean {
  if (environment.NEXT_PHASE?.endsWith("-build") || !(inDevelopment || environment.NODE_ENV === "production"))
    return false;
  warnProcess(message, code);
  return true;
}
