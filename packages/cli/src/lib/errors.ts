import { ConfigError, TurnpikeError } from "@turnpike/core";
import { plain } from "./text.js";

export type CommandErrorCode =
  /** The arguments of the command are invalid. */
  | "invalid_arguments"
  /** No store is given. */
  | "missing_store"
  /** The file, schema or prefix given as the store has no payments. */
  | "store_not_found"
  /** A package that the store or the chain needs is not installed. */
  | "missing_driver"
  /** Coinbase's facilitator is given without its keys. */
  | "missing_keys"
  /** No payment has the given id. */
  | "payment_not_found"
  /** Several payments have the given short id. */
  | "ambiguous_id"
  /** No key to refund with is given. */
  | "missing_key"
  /** The given key is not a key. */
  | "invalid_key"
  /** The file with the key can be read by others. */
  | "exposed_key"
  /** A step that cannot be undone, without `--yes`. */
  | "unconfirmed";

/** The command cannot be carried out. */
export class CommandError extends TurnpikeError {
  declare readonly code: CommandErrorCode;

  constructor(code: CommandErrorCode, message: string) {
    super(code, message);
  }
}

/**
 * An error in one sentence, with its code. Text of foreign errors is left out except for a code, and addresses are
 * reduced to their host: they may contain passwords and keys.
 */
export function describeError(error: unknown): string {
  if (error instanceof ConfigError) {
    const problems = error.problems.map(({ code, path, message }) => `${path}: ${message} (${code})`);
    return sentence(problems.join("; "));
  }
  if (!(error instanceof TurnpikeError))
    return sentence(`The command failed unexpectedly${behind(error)} (internal_error)`);
  return sentence(error.message + behind(error.cause));
}

/** The code of a driver, a socket or a database. */
function behind(cause: unknown): string {
  const code: unknown = typeof cause === "object" && cause !== null ? Reflect.get(cause, "code") : undefined;
  return typeof code === "string" && /^[A-Za-z0-9_]{2,40}$/.test(code) ? `: ${code}` : "";
}

function sentence(text: string): string {
  return plain(withoutSecrets(text).replace(/\s+/g, " ").trim());
}

function withoutSecrets(text: string): string {
  return text.replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'`<>)]*/gi, (address) => {
    // An example in one of our messages.
    if (address.includes("…")) return address;
    if (!URL.canParse(address)) return "…";
    const { protocol, host } = new URL(address);
    return `${protocol}//${host}/…`;
  });
}
