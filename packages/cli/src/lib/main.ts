import { type Command, CommanderError } from "commander";
import { CommandError, describeError } from "./errors.js";
import { FAILED, FINE } from "./exit-codes.js";
import type { Io } from "./io.js";
import { createProgram } from "./program.js";

/**
 * Runs the command `turnpike`.
 * @param argv the arguments after the command's name
 * @returns the exit code: 0 fine, 1 an error, 2 something is still open after `reconcile` or `refund`, 130 interrupted
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let code = FINE;
  const announce = () => io.err("turnpike: stopping once the current work is recorded\n");
  io.signal?.addEventListener("abort", announce, { once: true });
  const program = createProgram(io, (ended) => {
    code = ended;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return FINE;
    io.err(`turnpike: ${describeError(error instanceof CommanderError ? misuse(error, program) : error)}\n`);
    return FAILED;
  } finally {
    io.signal?.removeEventListener("abort", announce);
  }
}

/** Commander's own error, without the given values: an address may contain a password. */
function misuse({ code, message }: CommanderError, { commands }: Command): CommandError {
  const names = commands.map((command) => command.name()).join(", ");
  const said = code === "commander.help" ? `name a command: ${names}` : message.replace(/^error: /, "");
  const [complaint = "", suggestion = ""] = said.split(/(?=\n\(Did you mean [^\n]+\)$)/);
  // In other errors the quotes contain our own text, such as <chain=address>.
  const isQuoted = code.startsWith("commander.unknown") || code === "commander.invalidArgument";
  const quoted = isQuoted ? complaint.replace(/=[\s\S]*'/, "=…'") : complaint;
  // What looks like a key may be one in the wrong place.
  const text = quoted.replace(/(?:0x)?[0-9a-f]{64,}/gi, "…").replace(/\s*\n[\s\S]*|\.$/, "");
  return new CommandError("invalid_arguments", `${text.charAt(0).toUpperCase()}${text.slice(1)}${suggestion}`);
}
