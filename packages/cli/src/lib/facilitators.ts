import { cdp, type Facilitator, type FacilitatorInput, type Store } from "@turnpike/core";
import { CommandError } from "./errors.js";
import type { Io } from "./io.js";

/** A facilitator that payments on record were sent to. */
export interface UsedFacilitator {
  readonly id: string;
  /** Unix milliseconds of the last change of such a payment. */
  readonly lastUsedAt: number;
}

const COINBASE = "https://api.cdp.coinbase.com/platform/v2/x402";
/** Its name in place of its address. */
const NAME = "cdp";
/** How many of the newest payments are read, and of the open ones. */
const NEWEST = 200;

/** Stands in if no facilitator is to be asked, so that no public one is used. */
export const NONE: Facilitator = {
  id: "none",
  supported: async () => ({ kinds: [], extensions: [], signers: {} }),
  verify: () => Promise.reject(new Error("There is no facilitator")),
  settle: () => Promise.reject(new Error("There is no facilitator")),
};

/** Facilitators of the newest payments and of unresolved ones, the last used first. */
export async function facilitatorsOnRecord(store: Store): Promise<readonly UsedFacilitator[]> {
  const [newest, open] = await Promise.all([
    store.list({ order: "newest", limit: NEWEST }),
    store.list({ states: ["unknown", "settling"], order: "oldest", limit: NEWEST }),
  ]);
  const used = new Map<string, number>();
  for (const { record } of [...newest, ...open]) {
    used.set(record.facilitator, Math.max(used.get(record.facilitator) ?? 0, record.updatedAt));
  }
  return [...used].map(([id, lastUsedAt]) => ({ id, lastUsedAt })).sort((a, b) => b.lastUsedAt - a.lastUsedAt);
}

/**
 * What to ask: the facilitators that were named, and Coinbase's if payments were sent there and its keys are set.
 * @throws CommandError `missing_keys` where it is named and they are not
 */
export function toAsk(
  named: readonly string[],
  used: readonly UsedFacilitator[],
  env: Io["env"],
): readonly FacilitatorInput[] {
  const keys = readKeys(env);
  const asked = named.map((url): FacilitatorInput => {
    if (!isCoinbase(url)) return url;
    if (keys) return cdp(keys, url.toLowerCase() === NAME ? COINBASE : url);
    throw new CommandError(
      "missing_keys",
      "Coinbase's facilitator needs the keys of the app: CDP_API_KEY_ID and CDP_API_KEY_SECRET",
    );
  });
  const own = used.find(({ id }) => isCoinbase(id));
  return own && keys && !named.some(isCoinbase) ? [...asked, cdp(keys, own.id)] : asked;
}

/** Whether this facilitator is asked with Coinbase's keys. */
export function isCoinbase(id: string): boolean {
  return id.toLowerCase() === NAME || (URL.canParse(id) && new URL(id).host === new URL(COINBASE).host);
}

function readKeys({ CDP_API_KEY_ID: keyId, CDP_API_KEY_SECRET: keySecret }: Io["env"]) {
  return keyId?.trim() && keySecret?.trim() ? { keyId: keyId.trim(), keySecret } : undefined;
}
