import { type FacilitatorEvmSigner, toFacilitatorEvmSigner } from "@x402/evm";
import {
  createWalletClient,
  type EstimateContractGasParameters,
  type Hex,
  http,
  publicActions,
  type ReadContractParameters,
  type SendTransactionParameters,
  type VerifyTypedDataParameters,
  type WriteContractParameters,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { createNonceManager, jsonRpc } from "viem/nonce";
import type { Chain } from "../index.js";

/** The signer that the official scheme asks for: viem over one chain and one key, fit for many settlements at once. */
export async function createOfficialSigner(chain: Chain, privateKey: Hex): Promise<FacilitatorEvmSigner> {
  // Not viem's shared nonce manager: it counts by address and chain id, and every chain of ours has the same ones.
  const account = privateKeyToAccount(privateKey, { nonceManager: createNonceManager({ source: jsonRpc() }) });
  const client = createWalletClient({
    account,
    chain: chain.publicClient.chain,
    transport: http(chain.rpcUrl),
    pollingInterval: 20,
    cacheTime: 0,
  }).extend(publicActions);

  // viem's nonce manager takes a last nonce of 0 for none and would give 0 out twice, so the first one is spent here.
  if ((await client.getTransactionCount({ address: account.address })) === 0) {
    const hash = await client.sendTransaction({ to: account.address });
    await client.waitForTransactionReceipt({ hash });
  }

  return toFacilitatorEvmSigner({
    address: account.address,
    getCode: (args) => client.getCode(args),
    readContract: (args) => client.readContract(args as ReadContractParameters),
    verifyTypedData: (args) => client.verifyTypedData(args as VerifyTypedDataParameters),
    waitForTransactionReceipt: (args) => client.waitForTransactionReceipt(args),
    sendTransaction: (args) => client.sendTransaction(args as SendTransactionParameters),
    async writeContract(args) {
      // Estimated before a nonce is taken: a call that would revert then leaves no gap that later ones wait behind.
      const gas = args.gas ?? (await client.estimateContractGas({ ...args, account } as EstimateContractGasParameters));
      return await client.writeContract({ ...args, gas } as WriteContractParameters);
    },
  });
}
