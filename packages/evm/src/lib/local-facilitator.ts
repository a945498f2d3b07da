import type { CallOptions, Facilitator } from "@turnpike/core";
import { FacilitatorError, SETTLED_ELSEWHERE } from "@turnpike/core";
import { chainIdOf, createRpc, type Rpc, readChainId } from "@turnpike/core/chain";
import type { FacilitatorRequest, SettlementResponse, VerifyResponse } from "@turnpike/core/protocol";
import { simulate } from "./chain.js";
import { ALREADY_USED, examine } from "./examination.js";
import { asFacilitatorError } from "./facilitator-error.js";
import { type LocalFacilitatorOptions, readOptions } from "./options.js";
import { checkWindow, readPayer, readRequest } from "./request.js";
import { createSender } from "./sender.js";
import type { Outcome } from "./settlement.js";
import { createSettlements } from "./settlements.js";
import type { Fault } from "./transfer.js";

/**
 * A facilitator in this process: verifies and settles `exact` payments by EIP-3009 on one EVM chain, with a seller's
 * account that pays for gas. It holds no buyer funds: money moves only from payer to `payTo`.
 * @throws ConfigError
 */
export function localFacilitator(options: LocalFacilitatorOptions): Facilitator {
  const settings = readOptions(options);
  const rpc = createRpc(settings.rpcUrl, settings.rpcTimeout);
  const sender = createSender(rpc, settings.privateKey);
  const network = createNetworkReader(rpc, settings.network);
  const settlements = createSettlements(rpc, sender, {
    confirmations: settings.confirmations,
    timeout: settings.settleTimeout,
    maxGas: settings.maxGas,
    retell: settings.retell,
    chainId: async () => chainIdOf(await network.confirmed()) as number,
  });

  const read = async (request: FacilitatorRequest) => {
    const { tokens } = settings;
    return readRequest(request, { network: await network.named(), ...(tokens ? { tokens } : {}) });
  };

  const judge = async (request: FacilitatorRequest): Promise<Fault | undefined> => {
    const transfer = await read(request);
    if ("fault" in transfer) return transfer;
    const late = checkWindow(transfer);
    if (late) return late;
    await network.confirmed();
    const examined = await examine(rpc, transfer, async (data) => {
      return (await simulate(rpc, sender.address, transfer.token, data)) || undefined;
    });
    return "fault" in examined ? examined : undefined;
  };

  const settle = async (request: FacilitatorRequest, callOptions: CallOptions): Promise<Outcome> => {
    const transfer = await read(request);
    if ("fault" in transfer) return { type: "failed", reason: transfer.fault };
    // What was broadcast in time keeps its outcome when the time is over.
    const late = settlements.knows(transfer) ? undefined : checkWindow(transfer);
    return late ? { type: "failed", reason: late.fault } : settlements.settle(transfer, callOptions);
  };

  return {
    // One key may serve several chains, each by a facilitator of its own.
    id: `local:${sender.address}${settings.network === undefined ? "" : `@${settings.network}`}`,
    supported: async ({ signal }: CallOptions = {}) => ({
      kinds: [{ x402Version: 2, scheme: "exact", network: await within(signal, network.named()) }],
      extensions: [],
      signers: { "eip155:*": [sender.address] },
    }),
    verify: async (request, { signal } = {}) => answerVerify(request, await within(signal, judge(request))),
    settle: async (request, callOptions = {}) => {
      try {
        return answerSettle(request, await settle(request, callOptions));
      } catch (error) {
        throw asFacilitatorError(error, false);
      }
    },
  };
}

function answerVerify(request: FacilitatorRequest, fault: Fault | undefined): VerifyResponse {
  const payer = readPayer(request);
  return {
    isValid: fault === undefined,
    ...(fault ? { invalidReason: fault.fault } : {}),
    ...(payer ? { payer } : {}),
  };
}

function answerSettle(request: FacilitatorRequest, outcome: Outcome): SettlementResponse {
  const { network, amount } = request.paymentRequirements;
  const { transaction = "" } = outcome;
  const payer = readPayer(request);
  const common = { transaction, network, ...(payer ? { payer } : {}) };
  if (outcome.type === "settled") return { success: true, ...common, amount };
  if (outcome.type === "elsewhere") {
    return { success: false, errorReason: ALREADY_USED, ...common, extensions: { [SETTLED_ELSEWHERE]: {} } };
  }
  return { success: false, errorReason: outcome.type === "failed" ? outcome.reason : "settlement_pending", ...common };
}

interface NetworkReader {
  /** The network's CAIP-2 id, without asking the chain if it is configured. */
  named(): Promise<string>;
  /** The same, once the endpoint has said that it serves this network. */
  confirmed(): Promise<string>;
}

function createNetworkReader(rpc: Rpc, configured: string | undefined): NetworkReader {
  let asked: Promise<string> | undefined;
  const ask = async () => {
    const served = `eip155:${await readChainId(rpc)}`;
    if (configured === undefined || served === configured) return served;
    const message = `The chain's node serves ${served}, but ${configured} is configured.`;
    throw new FacilitatorError("facilitator_unsupported", message, { sent: false });
  };
  const confirmed = () => {
    asked ??= ask().catch((error: unknown) => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
  return { confirmed, named: async () => configured ?? confirmed() };
}

/** Ends the wait for a read when the signal does, and turns what went wrong into the caller's error. */
async function within<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  try {
    if (!signal) return await work;
    return await Promise.race([work, aborted(signal)]);
  } catch (error) {
    throw asFacilitatorError(error, false);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const giveUp = () =>
      reject(
        new FacilitatorError("facilitator_timeout", "The caller gave up before the chain responded.", { sent: false }),
      );
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
}
