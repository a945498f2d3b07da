import { readFileSync } from "node:fs";
import { Argument, Command, Option } from "commander";
import { reconcile, resolve } from "./actions.js";
import { CommandError } from "./errors.js";
import { health } from "./health.js";
import type { Io } from "./io.js";
import { payments } from "./payments.js";
import { collect, MAX_LIMIT, readKeys, readLimit, readStates, readTransaction } from "./read-options.js";
import { readConfirmations, readNote, readWait, refund, resolveRefunded } from "./refund.js";
import { SALES_KEYS, sales } from "./sales.js";
import type { GivenOptions } from "./settings.js";
import { show } from "./show.js";
import { readTime } from "./times.js";

/** The command line; `done` gets the exit code. */
export function createProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command("turnpike")
    .description("Manages the payments recorded by a Turnpike paywall.")
    .version(readVersion())
    .option("--store <address>", "redis://…, rediss://…, postgres://… or file:<path>; or TURNPIKE_STORE, STORE")
    .option("--prefix <text>", "Redis: the key prefix, if the app sets one; or TURNPIKE_PREFIX")
    .option("--schema <name>", "PostgreSQL: the schema, if the app sets one; or TURNPIKE_SCHEMA")
    .option("--json", "print JSON, in full")
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: () => {} })
    .configureHelp({ showGlobalOptions: true });
  const options = (command: Command) => command.optsWithGlobals<GivenOptions>();

  withRpc(withFacilitators(program.command("reconcile")))
    .description("Look up the outcome of open payments. Exit code 2 if some are still open.")
    .action(async (_, command) => done(await reconcile(io, options(command))));

  withSpan(program.command("payments"), "created")
    .description("List payments, the newest first.")
    .option("--state <states>", "only these states, comma separated, such as unknown,owed", readStates)
    .option("--route <route>", "only payments for this route, such as 'GET /weather'")
    .option("--payer <address>", "only payments by this payer")
    .option("--limit <number>", `at most this many, up to ${MAX_LIMIT} (default: 50)`, readLimit)
    .addOption(new Option("--all", "list every payment").conflicts("limit"))
    .option("--wide", "do not shorten or omit anything to fit the terminal")
    .option("--csv", "print CSV, in full")
    .action(async (given, command) => done(await payments(io, options(command), given)));

  program
    .command("show")
    .description("Show one payment in full.")
    .argument("<id>", "short or full id, as listed by `payments`")
    .action(async (id, _, command) => done(await show(io, options(command), id)));

  withSpan(program.command("sales"), "charged")
    .description("Add up what was sold and refunded, for each network and token.")
    .option("--by <keys>", `group by these, comma separated: ${SALES_KEYS.join(", ")} (default: day,route)`, readKeys)
    .option("--wide", "do not shorten or omit anything to fit the terminal")
    .option("--csv", "print CSV, in full")
    .action(async (given, command) => done(await sales(io, options(command), given)));

  program
    .command("resolve")
    .description(
      "Set the outcome of an unknown payment if neither facilitator nor chain can tell, or record that an owed payment was refunded.",
    )
    .argument("<id>", "short or full id, as listed by `payments`")
    .addArgument(new Argument("<state>").choices(["settled", "failed", "refunded"]))
    .option("--transaction <hash>", "the transaction that settled or refunded it", readTransaction)
    .option("--note <text>", "refunded: how it was refunded, if there is no transaction", readNote)
    .option("--force", "even if the chain or another recorded payment contradicts the transaction")
    .option("--yes", "do it")
    .action(async (id, state, given, command) => {
      if (state === "refunded") return done(await resolveRefunded(io, options(command), id, given));
      if (given.note !== undefined) throw new CommandError("invalid_arguments", "--note is only for refunded");
      return done(await resolve(io, options(command), id, state, given));
    });

  withRpc(program.command("refund"))
    .description(
      "Refund an owed payment from your own account. Without --yes it shows what it would send. Exit code 2 if the refund is not confirmed yet: run it again.",
    )
    .argument("<id>", "short or full id, as listed by `payments`")
    .option("--key-file <path>", "file with the account's private key, readable only by you; or TURNPIKE_REFUND_KEY")
    .option(
      "--confirmations <blocks>",
      "confirmations that the transfer needs, counting its own block",
      readConfirmations,
      6,
    )
    .option("--wait <seconds>", "how long to wait for confirmations", readWait, 120)
    .option("--trust-record", "even if the node does not show that the buyer paid")
    .option("--yes", "send it")
    .action(async (id, given, command) => done(await refund(io, options(command), id, given)));

  withFacilitators(program.command("health"))
    .description(
      "Show open payments, and whether the store and the named facilitators respond. Exit code 1 if not ready.",
    )
    .action(async (_, command) => done(await health(io, options(command))));

  return program;
}

function withFacilitators(command: Command): Command {
  return command.option(
    "--facilitator <url>",
    "base URL of a facilitator, or cdp (with CDP_API_KEY_ID and CDP_API_KEY_SECRET), repeatable, in order of preference; or FACILITATOR_URL, comma separated",
    collect,
  );
}

/** @param happened what happened to payments in that time */
function withSpan(command: Command, happened: string): Command {
  return command
    .option(
      "--from <time>",
      `only those ${happened} at this time or later: 2026-11-01, or 2026-11-01T08:00Z`,
      readTime("--from"),
    )
    .option(
      "--to <time>",
      `only those ${happened} before this time: 2026-12-01 includes all of November`,
      readTime("--to"),
    );
}

function withRpc(command: Command): Command {
  return command.option(
    "--rpc <chain=address>",
    "JSON-RPC node of a chain, such as eip155:8453=https://…, repeatable; or EVM_RPC_URL with NETWORK",
    collect,
  );
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return version;
}
