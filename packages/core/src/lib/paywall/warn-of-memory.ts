import type { Logger } from "../config.js";

interface Runtime {
  readonly env?: Readonly<Record<string, string | undefined>>;
  emitWarning?(message: string, options: { readonly type: string; readonly code: string }): void;
}

let warned = false;

/**
 * Says once that payments are recorded where one process sees them, and a restart forgets them. In production a log that
 * nobody asked for is not enough, so Node's own warning says it as well.
 */
export function warnOfMemory(store: string, logger: Logger | undefined): void {
  if (store !== "memory" || warned) return;
  warned = true;
  const message =
    "Turnpike records payments in the memory of this process: a restart forgets them, and other processes do not see them. Name a `store` before real money is taken.";
  logger?.warn(message);
  const runtime = (globalThis as { readonly process?: Runtime }).process;
  // A build of Next.js loads the app's modules, and takes no payments.
  if (logger || runtime?.env?.NODE_ENV !== "production" || runtime.env.NEXT_PHASE?.endsWith("-build")) return;
  try {
    runtime.emitWarning?.(message, { type: "TurnpikeWarning", code: "TURNPIKE_MEMORY" });
  } catch {
    // Edge runtimes show parts of Node, and throw when they are touched.
  }
}
