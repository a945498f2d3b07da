import { readFileSync } from "node:fs";
import { PAYMENT_STATES, type PaymentState } from "@turnpike/core";
import { Argument, Command } from "commander";
import { health, payments, reconcile, resolve } from "./actions.js";
import { CommandError } from "./errors.js";
import type { Io } from "./io.js";
import { readConfirmations, readNote, readWait, refund, resolveRefunded } from "./refund.js";
import type { GivenOptions } from "./settings.js";

const MAX_LIMIT = 10_000;

/** The command line; `done` gets the exit code. */
export function createProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command("turnpike")
    .description("Looks after the payments that a Turnpike paywall has on record.")
    .version(readVersion())
    .option("--store <address>", "redis://…, rediss://…, postgres://… or file:<path>; or TURNPIKE_STORE, STORE")
    .option("--prefix <text>", "Redis: what every key begins with, if the app says so; or TURNPIKE_PREFIX")
    .option("--schema <name>", "PostgreSQL: the schema, if the app names one; or TURNPIKE_SCHEMA")
    .option("--json", "print JSON")
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: () => {} })
    .configureHelp({ showGlobalOptions: true });
  const options = (command: Command) => command.optsWithGlobals<GivenOptions>();

  withRpc(withFacilitators(program.command("reconcile")))
    .description("Find out what became of open payments. Exit code 2 if some are still open.")
    .action(async (_, command) => done(await reconcile(io, options(command))));

  program
    .command("payments")
    .description("List payments, the newest first.")
    .option("--state <states>", "only these, comma separated, such as unknown,owed", readStates)
    .option("--limit <number>", "how many at most", readLimit, 50)
    .action(async ({ state, limit }, command) => done(await payments(io, options(command), state, limit)));

  program
    .command("resolve")
    .description(
      "Say what became of a payment that is unknown, where neither facilitator nor chain can; or that what is owed was given back.",
    )
    .argument("<id>", "as `payments` lists it")
    .addArgument(new Argument("<state>").choices(["settled", "failed", "refunded"]))
    .option("--transaction <hash>", "the transaction that settled it, or gave the money back", readTransaction)
    .option("--note <text>", "refunded: how the money went back, where there is no transaction", readNote)
    .option("--force", "also where the chain or another payment on record contradicts the transaction")
    .option("--yes", "do it")
    .action(async (id, state, given, command) => {
      if (state === "refunded") return done(await resolveRefunded(io, options(command), id, given));
      if (given.note !== undefined) throw new CommandError("invalid_arguments", "--note is for what was refunded");
      return done(await resolve(io, options(command), id, state, given));
    });

  withRpc(program.command("refund"))
    .description(
      "Give back what a buyer paid for a delivery that is owed, from your own account. Without --yes it shows what it would send. Exit code 2 if it is not certain yet: run it again.",
    )
    .argument("<id>", "as `payments` lists it")
    .option("--key-file <path>", "file with the account's private key, readable by you only; or TURNPIKE_REFUND_KEY")
    .option(
      "--confirmations <blocks>",
      "blocks in which the transfer must stand, its own included",
      readConfirmations,
      6,
    )
    .option("--wait <seconds>", "how long to wait for them", readWait, 120)
    .option("--trust-record", "also where the node does not show that the buyer has paid")
    .option("--yes", "send it")
    .action(async (id, given, command) => done(await refund(io, options(command), id, given)));

  withFacilitators(program.command("health"))
    .description("Tell whether store and facilitators answer, and what is open. Exit code 1 if not ready.")
    .action(async (_, command) => done(await health(io, options(command))));

  return program;
}

function withFacilitators(command: Command): Command {
  return command.option(
    "--facilitator <url>",
    "base URL of a facilitator, repeatable, in order of preference; or FACILITATOR_URL, comma separated",
    collect,
  );
}

function withRpc(command: Command): Command {
  return command.option(
    "--rpc <chain=address>",
    "JSON-RPC node of a chain, such as eip155:8453=https://…, repeatable; or EVM_RPC_URL with NETWORK",
    collect,
  );
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function readStates(text: string): readonly PaymentState[] {
  const states = text.split(",").map((state) => state.trim());
  if (states.every((state): state is PaymentState => PAYMENT_STATES.some((known) => known === state))) return states;
  throw new CommandError("invalid_arguments", `--state is one or more of ${PAYMENT_STATES.join(", ")}`);
}

function readLimit(text: string): number {
  const limit = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new CommandError("invalid_arguments", `--limit is a whole number from 1 to ${MAX_LIMIT}`);
}

function readTransaction(text: string): string {
  if (/^(0x[0-9a-fA-F]{64}|[1-9A-HJ-NP-Za-km-z]{64,128})$/.test(text)) return text;
  throw new CommandError(
    "invalid_arguments",
    "--transaction is the hash of a transaction: 0x and 64 hex digits, or a Solana signature",
  );
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return version;
}
