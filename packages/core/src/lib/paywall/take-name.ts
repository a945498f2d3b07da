import { isConflict } from "../errors.js";
import type { NewPayment, RecordChange } from "../ledger/ledger.js";
import { isFree, MOVED, type StoredPayment } from "../ledger/record.js";
import type { Engine } from "./engine.js";
import { insist, PATIENCE } from "./insist.js";
import { nameOf, withdraw } from "./one-record.js";
import { settledChange } from "./receipt.js";

/** `busy`: another request holds the name. `sold`: the payment is on record by its name, charged already. */
export type Taken = StoredPayment | "busy" | "sold";

/**
 * Lets a charged attempt go on under its payment's own name, which only one of them gets: an authorisation moves money once,
 * however many signatures of it there are, and whatever a facilitator says of each. What was delivered or refunded was so
 * by its name.
 * @returns the record by the name, `running`; the attempt is closed by then
 */
export async function takeName(engine: Engine, attempt: StoredPayment, change: RecordChange = {}): Promise<Taken> {
  const { ledger } = engine;
  const { receipt, identifier } = attempt;
  const moving: RecordChange = { ...(receipt ? settledChange(receipt) : {}), ...change, moving: true };
  let named = await ledger.claim(renamed(attempt), "running", moving);
  if (!named) {
    const found = await ledger.read(nameOf(attempt));
    if (found?.record.receipt && !found.record.moving && !isFree(found.record)) {
      await ledger.advance(attempt, "delivered", { reason: MOVED });
      return "sold";
    }
    const own = found?.record.moving && !found.busy && found.record.proof === attempt.proof;
    if (!own) {
      ledger.abandon(attempt);
      return "busy";
    }
    // A process that was about to move the payment is gone.
    named = await ledger.advance(found.record, "running", { ...moving, runs: 1 });
  }
  await move(engine, attempt, named);
  if (identifier !== undefined) await ledger.link(identifier, named.id, attempt.id).catch(() => undefined);
  return named;
}

/** The one step from which on the payment counts under its own name. A refund of the attempt may be faster. */
async function move({ ledger }: Engine, attempt: StoredPayment, named: StoredPayment): Promise<void> {
  // Two processes may move one attempt. Neither may take the other's write for its own that was in doubt.
  const change = { reason: MOVED, holder: `${named.holder}/move` };
  try {
    await insist(() => ledger.advance(attempt, "delivered", change, undefined, "hold"), PATIENCE);
    ledger.abandon(attempt);
  } catch (error) {
    if (isConflict(error)) await withdraw(ledger, named).catch(() => undefined);
    ledger.abandon(named);
    throw error;
  }
}

/** The attempt's payment, by its own name. */
function renamed(attempt: StoredPayment): NewPayment {
  const { route, request, offer, facilitator, payer, proof, identifier, finality, validBefore, createdAt } = attempt;
  const { audience, label, times } = attempt;
  return {
    ...{ id: nameOf(attempt), route, request, offer, facilitator, createdAt },
    ...(times.settled === undefined ? {} : { times: { settled: times.settled } }),
    ...(label === undefined ? {} : { label }),
    ...(payer === undefined ? {} : { payer }),
    ...(proof === undefined ? {} : { proof }),
    ...(identifier === undefined ? {} : { identifier }),
    ...(audience === undefined ? {} : { audience }),
    ...(finality === undefined ? {} : { finality }),
    ...(validBefore === undefined ? {} : { validBefore }),
  };
}
