/** Remembers who has bought, so that buyers go first where many wait. Of this process only. */
export interface Buyers {
  /** A payment comes from this client. @param attempt its name and its proof: a forgery of it is another */
  brings(attempt: string, client: string | undefined): void;
  clientOf(attempt: string): string | undefined;
  /** A payment has settled: its payer is proven, and the client that sent it had the payer's signature. */
  bought(attempt: string, payer: string | undefined): void;
  /** Whether this payer has bought from this client's address. */
  at(client: string, payer: string): boolean;
  /** Whether this payer has bought from anywhere. */
  has(payer: string): boolean;
}

/** Names that each memory holds at most; those that were not used for the longest time go first. */
const MOST = 20_000;

export function createBuyers(): Buyers {
  const bringers = new Map<string, string>();
  const known = new Map<string, true>();

  const put = <V>(map: Map<string, V>, key: string, value: V): void => {
    map.delete(key);
    map.set(key, value);
    if (map.size <= MOST) return;
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  };
  const has = (key: string): boolean => {
    if (!known.has(key)) return false;
    put(known, key, true);
    return true;
  };

  return {
    brings: (attempt, client) => {
      if (client !== undefined) put(bringers, attempt, client);
    },
    clientOf: (attempt) => bringers.get(attempt),
    bought: (attempt, payer) => {
      const client = bringers.get(attempt);
      bringers.delete(attempt);
      if (payer === undefined) return;
      const buyer = payer.toLowerCase();
      put(known, buyer, true);
      if (client !== undefined) put(known, `${client} ${buyer}`, true);
    },
    at: (client, payer) => has(`${client} ${payer.toLowerCase()}`),
    has: (payer) => has(payer.toLowerCase()),
  };
}
