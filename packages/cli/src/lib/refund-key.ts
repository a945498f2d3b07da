import { readFileSync, statSync } from "node:fs";
import { CommandError } from "./errors.js";
import type { Io } from "./io.js";

/** Bytes of a file that holds a key, at most. */
const LONGEST = 200;
/** Permissions of group and others. */
const OTHERS = 0o077;

/**
 * The private key that signs refunds. Never an argument, which other users of the machine could read.
 * @throws CommandError that does not contain the given key
 */
export function readKey(keyFile: string | undefined, { env }: Io): string {
  const given = keyFile === undefined ? env.TURNPIKE_REFUND_KEY?.trim() : readFile(keyFile);
  if (!given) {
    throw new CommandError(
      "missing_key",
      "Set the account's private key: TURNPIKE_REFUND_KEY, or --key-file with a file that only you can read",
    );
  }
  if (/^(?:0x)?[0-9a-fA-F]{64}$/.test(given)) return given.startsWith("0x") ? given : `0x${given}`;
  throw new CommandError("invalid_key", "The private key must be 0x and 64 hexadecimal digits");
}

function readFile(path: string): string {
  try {
    const { mode, size } = statSync(path);
    if (process.platform !== "win32" && (mode & OTHERS) !== 0) {
      throw new CommandError("exposed_key", "Other users can read or change the key file: chmod 600 it first");
    }
    return size > LONGEST ? "too long" : readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError("missing_key", "The key file cannot be read");
  }
}
