import { type ChainReader, createPaywall, type Logger, type Paywall, type Store } from "@turnpike/core";
import { load } from "./drivers.js";
import { describeError } from "./errors.js";
import { facilitatorsOnRecord, NONE, toAsk, type UsedFacilitator } from "./facilitators.js";
import type { Io } from "./io.js";
import { type Progress, startProgress } from "./progress.js";
import { type GivenOptions, type RpcSettings, readFacilitators, readRpcs, readStore } from "./settings.js";
import { openStore } from "./stores.js";
import { plain } from "./text.js";

/** What a command gets in addition to the paywall. */
export interface Surroundings {
  readonly store: Store;
  readonly progress: Progress;
  /** Recently used facilitators; known only if facilitators are called. */
  readonly used: readonly UsedFacilitator[];
}

/**
 * Opens a paywall without routes over the records, passes it to `work`, and closes it and the store's connection.
 * @param asks whether the work calls facilitators and chains; `named`: only the facilitators that the operator names,
 * or has given keys for
 */
export async function withPaywall<T>(
  options: GivenOptions,
  io: Io,
  asks: boolean | "named",
  work: (paywall: Paywall, surroundings: Surroundings) => Promise<T>,
): Promise<T> {
  const settings = readStore(options, io);
  const named = asks ? readFacilitators(options, io) : [];
  const chain = asks ? await openChains(readRpcs(options, io), io) : [];
  const progress = startProgress(io, "opening the store");
  try {
    const { store, close } = await openStore(settings);
    try {
      // The work itself reports a store that does not respond.
      const used = asks ? await facilitatorsOnRecord(store).catch(() => []) : [];
      const asked = toAsk(named, used, io.env);
      const facilitator = asked.length === 0 && asks === "named" ? [NONE] : asked;
      const paywall = createPaywall({
        payTo: undefined,
        network: undefined,
        store,
        chain,
        reconcileSeconds: 0,
        logger: tellOperator(io),
        ...(facilitator.length > 0 ? { facilitator } : {}),
      });
      progress.doing("reading the store");
      try {
        return await work(paywall, { store, progress, used });
      } finally {
        await paywall.close();
      }
    } finally {
      await close();
    }
  } finally {
    progress.end();
  }
}

async function openChains(rpcs: readonly RpcSettings[], { err }: Io): Promise<readonly ChainReader[]> {
  if (rpcs.length === 0) return [];
  const { evmChain } = await load("viem", "Asking a chain", () => import("@turnpike/evm"));
  const told = new Set<string>();
  return rpcs.map(evmChain).map(({ networks, find }) => ({
    networks,
    find: async (...question) => {
      try {
        return await find(...question);
      } catch (error) {
        // The engine continues without the chain; the operator should know that.
        const said = describeError(error);
        if (!told.has(said)) err(`turnpike: ${said}\n`);
        told.add(said);
        throw error;
      }
    },
  }));
}

function tellOperator({ err }: Io): Logger {
  const tell: Logger["warn"] = (message, { code, payment } = {}) => {
    const facts = [code, payment].filter((fact) => typeof fact === "string");
    err(`turnpike: ${plain(`${message}${facts.length > 0 ? ` (${facts.join(", ")})` : ""}`)}\n`);
  };
  // The command reports the engine's warnings once, in its own words.
  return { info: () => {}, warn: () => {}, error: tell };
}
