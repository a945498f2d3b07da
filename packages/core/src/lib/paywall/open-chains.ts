import { chainIdOf } from "../chain/chain-id.js";
import { isNodeUrl, NODE_URL } from "../chain/node-url.js";
import type { ReaderOptions } from "../chain/reader.js";
import type { ChainInput, ChainNodes } from "../config.js";
import type { ConfigProblem } from "../errors.js";
import { suggestion } from "../nearest.js";
import type { Registry } from "../pricing/registry.js";
import type { ChainReader } from "../schemes/chain.js";

/** Milliseconds for one question about a payment, whatever number of nodes is asked. */
const TIMEOUT = 5_000;

/** The readers of a configuration: those that it names, and one for each network whose nodes it names. */
export function openChains(
  inputs: readonly ChainInput[],
  registry: Registry,
  problems: ConfigProblem[],
): readonly ChainReader[] {
  return inputs.flatMap((input) => (isReader(input) ? [input] : openNodes(input, registry, problems)));
}

function isReader(input: ChainInput): input is ChainReader {
  return typeof (input as Partial<ChainReader>).find === "function";
}

function openNodes(named: ChainNodes, registry: Registry, problems: ConfigProblem[]): ChainReader[] {
  const nodes = new Map<string, string[]>();
  for (const [name, given] of Object.entries(named)) {
    const network = registry.network(name);
    // A name may be an address that was put in the wrong place, with a key in it.
    const path = network ? `chain.${name}` : "chain";
    const urls = typeof given === "string" ? [given] : given;
    if (!network) {
      const shown = /^[\w-]{1,20}(:\w{1,32})?$/.test(name) ? `"${name}"` : "a key";
      const hint = suggestion(name, registry.names) || `; known networks are ${registry.names.join(", ")}`;
      problems.push({ code: "unknown_network", path, message: `${shown} is not a network${hint}` });
    } else if (chainIdOf(network.id) === undefined) {
      const message = `${network.title} is not an EVM network; give a chain reader for it instead of a node's address`;
      problems.push({ code: "invalid_network", path, message });
    } else if (!Array.isArray(urls) || urls.length === 0 || !urls.every((url) => isNodeUrl(url))) {
      const message = `give the address of a JSON-RPC node of ${network.title}, or a list of them: ${NODE_URL}`;
      problems.push({ code: "invalid_rpc_url", path, message });
    } else {
      nodes.set(network.id, [...(nodes.get(network.id) ?? []), ...urls]);
    }
  }
  return [...nodes].map(([network, urls]) => lazyReader({ network, nodes: urls, timeout: TIMEOUT }));
}

/** Loads what reads a chain when the first question is asked: most payments never ask one. */
function lazyReader(options: ReaderOptions): ChainReader {
  let opened: Promise<ChainReader> | undefined;
  const open = async () => (await import("../chain/reader.js")).createReader(options);
  return {
    networks: [options.network],
    find: async (...question) => {
      opened ??= open();
      return (await opened).find(...question);
    },
  };
}
