const CHAIN = /^eip155:([1-9][0-9]{0,15})$/;

/** The chain id of a CAIP-2 network, if it is an EVM one. */
export function chainIdOf(network: string): number | undefined {
  const id = Number(CHAIN.exec(network)?.[1]);
  return Number.isSafeInteger(id) ? id : undefined;
}
