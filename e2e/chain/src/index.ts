import {
  type Address,
  createPublicClient,
  defineChain,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  type HttpTransport,
  http,
  numberToHex,
  type PublicClient,
  parseUnits,
  type Chain as ViemChain,
} from "viem";
import { tokenAbi, walletAbi } from "./lib/abi.js";
import { accounts, operator } from "./lib/accounts.js";
import { loadContracts } from "./lib/contracts.js";
import { type Node, startNode } from "./lib/node.js";
import { multicall3, plant, sendThrough, type Token, usdc } from "./lib/plant.js";

export { tokenAbi, walletAbi } from "./lib/abi.js";
export type { DevAccount } from "./lib/accounts.js";
export type { Token } from "./lib/plant.js";

/** Base Sepolia's chain id: what a seller configures for the test network is what runs here. */
const chainId = 84532;
const funds = parseUnits("1000", usdc.decimals);

export type ChainClient = PublicClient<HttpTransport, ViemChain>;

/** A development chain that stands in for Base Sepolia: own process, own state, gone when stopped. */
export interface Chain extends AsyncDisposable {
  /** JSON-RPC endpoint on 127.0.0.1. */
  readonly rpcUrl: string;
  readonly chainId: number;
  /** The chain in CAIP-2, as payment requirements name it. */
  readonly network: "eip155:84532";
  readonly token: Token;
  /** Accounts with ether for gas. The payers have 1000 USDC each, the others none. */
  readonly accounts: typeof accounts;
  /** Process ids, for tests that freeze or kill the node. */
  readonly pids: { readonly node: number; readonly supervisor: number };
  /** A viem client that polls at a test's pace; its `chain` serves wallet clients as well. */
  readonly publicClient: ChainClient;
  /** USDC of an address in atomic units. */
  balanceOf(address: Address): Promise<bigint>;
  /** Creates `amount` atomic units of USDC for an address; waits until that is mined. */
  mint(to: Address, amount: bigint): Promise<void>;
  /** Deploys a smart wallet (EIP-1271) that signs with the owner's key; gives its address once that is mined. */
  deploySmartWallet(owner: Address): Promise<Address>;
  /** Mines blocks now, the first with the transactions that wait. */
  mine(blocks?: number): Promise<void>;
  /** Switches mining at each transaction on or off. Switched on, it mines what waits. */
  setAutomine(on: boolean): Promise<void>;
  /** Moves the chain's clock ahead of the system's, and mines a block with the new time. */
  increaseTime(seconds: number): Promise<void>;
  /** Ends the chain; resolves once its processes are gone. May be called again. */
  stop(): Promise<void>;
}

export interface ChainOptions {
  /** Port on 127.0.0.1; 0 or nothing takes a free one. */
  port?: number;
  /** Seconds between blocks. Without it each transaction is mined at once, in a block of its own. */
  blockTime?: number;
}

/** Starts a chain and sets it up. It ends with the process that started it, also when that one is killed. */
export async function startChain(options: ChainOptions = {}): Promise<Chain> {
  const loading = loadContracts();
  // Awaited below, where its failure ends the node; until then it must not count as unhandled.
  loading.catch(() => {});
  const node = await startNode({ port: options.port ?? 0, chainId });
  try {
    const contracts = await loading;
    const publicClient = connect(node.rpcUrl);
    const send = sendThrough(publicClient);
    await send("anvil_setLoggingEnabled", false);
    await plant(send, contracts.Dollar, [
      [accounts.payer.address, funds],
      [accounts.payer2.address, funds],
    ]);
    if (options.blockTime === undefined) await send("evm_setAutomine", true);
    else await send("evm_setIntervalMining", options.blockTime);
    return describe(node, publicClient, contracts.SmartWallet);
  } catch (error) {
    await node.stop();
    throw error;
  }
}

function connect(rpcUrl: string): ChainClient {
  const chain = defineChain({
    id: chainId,
    name: "Turnpike's development chain",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
    contracts: { multicall3: { address: multicall3 } },
  });
  // viem's pace is made for public networks: it would look for a receipt every few seconds.
  return createPublicClient({ chain, transport: http(rpcUrl), pollingInterval: 20, cacheTime: 0 });
}

function describe(node: Node, publicClient: ChainClient, walletCode: Hex): Chain {
  const send = sendThrough(publicClient);
  const transact = async (call: { to?: Address; data: Hex }) => {
    const hash = await send<Hex>("eth_sendTransaction", { from: operator, ...call });
    return await publicClient.waitForTransactionReceipt({ hash });
  };
  return {
    rpcUrl: node.rpcUrl,
    chainId,
    network: `eip155:${chainId}`,
    token: usdc,
    accounts,
    pids: node.pids,
    publicClient,
    balanceOf: (address) =>
      publicClient.readContract({ address: usdc.address, abi: tokenAbi, functionName: "balanceOf", args: [address] }),
    async mint(to, amount) {
      const data = encodeFunctionData({ abi: tokenAbi, functionName: "mint", args: [to, amount] });
      await transact({ to: usdc.address, data });
    },
    async deploySmartWallet(owner) {
      const data = encodeDeployData({ abi: walletAbi, bytecode: walletCode, args: [owner] });
      const { contractAddress } = await transact({ data });
      if (!contractAddress) throw new Error("the smart wallet was not deployed");
      return contractAddress;
    },
    async mine(blocks = 1) {
      await send("anvil_mine", numberToHex(blocks));
    },
    async setAutomine(on) {
      await send("evm_setAutomine", on);
      if (on) await send("evm_mine");
    },
    async increaseTime(seconds) {
      await send("evm_increaseTime", numberToHex(seconds));
      await send("evm_mine");
    },
    stop: node.stop,
    [Symbol.asyncDispose]: node.stop,
  };
}
