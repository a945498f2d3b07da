import type { SignatureCheck } from "@turnpike/core";
import { chainIdOf, createRpc, type Rpc, readChainId } from "@turnpike/core/chain";
import { hasCode } from "./chain.js";
import { isCounterfactual, isSignedBy, readPlainSignature } from "./signature.js";
import { readTransfer, type Transfer, wantsEip3009 } from "./transfer.js";

export interface SignatureOptions {
  /**
   * Whether payers may be contract wallets. With `false`, a signature not made by the payer's own key is refused at
   * once. @default true
   */
  readonly contractWallets?: boolean;
  /**
   * JSON-RPC endpoint of the chain, or one per CAIP-2 network. With it, such a signature is refused if the payer's
   * address has no contract, at the cost of one request.
   */
  readonly rpcUrl?: string | Readonly<Record<string, string>>;
  /** Milliseconds for one request to the chain. @default 2000 */
  readonly rpcTimeout?: number;
}

/**
 * Verifies EIP-3009 signatures in this process: the signer is recovered and compared with `from`. Takes about 2 ms of
 * CPU and, for plain accounts, no network request.
 */
export function eip3009Signatures(options: SignatureOptions = {}): SignatureCheck {
  const { contractWallets = true, rpcUrl, rpcTimeout = 2000 } = options;
  const endpoints = new Map<string, Endpoint>();
  const endpoint = (network: string) => {
    const url = typeof rpcUrl === "string" ? rpcUrl : rpcUrl?.[network];
    if (url === undefined) return undefined;
    const known = endpoints.get(network) ?? createEndpoint(createRpc(url, rpcTimeout), network);
    endpoints.set(network, known);
    return known;
  };
  return {
    check: async (payload, requirements) => {
      const transfer = wantsEip3009(requirements) ? readTransfer(payload, requirements) : undefined;
      if (!transfer || "fault" in transfer) return "undecided";
      const plain = readPlainSignature(transfer.signature);
      if (plain && (await isSignedBy(transfer.from, transfer.digest, plain))) return "valid";
      if (!contractWallets) return "invalid";
      const isPlain = await endpoint(requirements.network)?.isPlainAccount(transfer);
      return isPlain ? "invalid" : "undecided";
    },
  };
}

interface Endpoint {
  /** Whether the payer is certainly no contract wallet. */
  isPlainAccount(transfer: Transfer): Promise<boolean>;
}

function createEndpoint(rpc: Rpc, network: string): Endpoint {
  let onNetwork: boolean | undefined;
  return {
    isPlainAccount: async ({ from, signature }) => {
      // Some facilitators deploy such a wallet as they settle.
      if (isCounterfactual(signature)) return false;
      try {
        // One URL may be given for all networks, and other chains hold other contracts.
        onNetwork ??= (await readChainId(rpc)) === chainIdOf(network);
        return onNetwork && !(await hasCode(rpc, from));
      } catch {
        return false;
      }
    },
  };
}
