import type { ConfigError } from "../errors.js";
import { warnProcess } from "../process.js";
import type { Reply } from "../seam.js";
import { type AnySource, openPaywall } from "./paywall.js";
import { internalReply, MISCONFIGURED } from "./replies.js";

/**
 * Tells the operator what an adapter has found in the app while it serves: each problem is an error of the log. Without a
 * logger it is a warning of the process, where the runtime has them.
 * @param source what the gate was made of
 */
export function reportFault<Raw>(source: AnySource<Raw>, error: ConfigError): void {
  const { reporter } = openPaywall(source);
  const told = error.problems.map(({ code, path, message }) => reporter.error(`${path}: ${message}`, { code, path }));
  if (!told.includes(true)) warnProcess(error);
}

/** What a request to a priced path gets while its gate is misplaced: nothing is served, and nothing is charged. */
export function faultReply({ problems, code }: ConfigError): Reply {
  const { fault: _, ...reply } = internalReply(problems[0]?.code ?? code, MISCONFIGURED);
  return reply;
}
