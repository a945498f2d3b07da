import { readFileSync, statSync } from "node:fs";
import { CommandError } from "./errors.js";
import type { Io } from "./io.js";

/** Bytes of a file that holds a key, at most. */
const LONGEST = 200;
/** Permissions of others than the owner. */
const OTHERS = 0o077;

/**
 * The private key that refunds are sent by. Never an argument, which other users of the machine could read.
 * @throws CommandError that says nothing of what was given
 */
export function readKey(keyFile: string | undefined, { env }: Io): string {
  const given = keyFile === undefined ? env.TURNPIKE_REFUND_KEY?.trim() : readFile(keyFile);
  if (!given) {
    throw new CommandError(
      "missing_key",
      "Give the account's private key: TURNPIKE_REFUND_KEY, or --key-file with a file that only you can read",
    );
  }
  if (/^(?:0x)?[0-9a-fA-F]{64}$/.test(given)) return given.startsWith("0x") ? given : `0x${given}`;
  throw new CommandError("invalid_key", "The private key is 0x and 64 hexadecimal digits, and nothing else");
}

function readFile(path: string): string {
  try {
    const { mode, size } = statSync(path);
    if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
      throw new CommandError("exposed_key", "Others than you may use the file with the key: chmod 600 it first");
    }
    return size > LONGEST ? "too long" : readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError("missing_key", "The file with the key cannot be read");
  }
}
