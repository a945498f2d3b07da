import type { ChainFinding, ChainReader } from "@turnpike/core";

/** The chain behind a facilitator of `@turnpike/testing` in another process. */
export function askChain(facilitator: string): ChainReader {
  return {
    networks: ["eip155:84532"],
    find: async (payment) => {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`${facilitator}/chain`, { method: "POST", headers, body: JSON.stringify(payment) });
      return (await answer.json()) as ChainFinding;
    },
  };
}
