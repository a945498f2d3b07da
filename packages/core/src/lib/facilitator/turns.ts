import { FacilitatorError } from "../errors.js";

/** What is known of a payment before a facilitator is called: a returning buyer, a proven signer, or nothing. */
export type Rank = "known" | "signed" | "unproven";

/** One request that needs a facilitator call. */
export interface Asker {
  readonly rank: Rank;
  /** What it shares its places with, for example the network of a client's address; empty if unknown. */
  readonly source: string;
  /** The payer in its payment: requests of one source take turns by payer. */
  readonly payer: string;
  /** How many calls its source may have open, given its failures; 0: it is refused. */
  room(): number;
  /** The error if there is no room left. */
  refusal(): Error;
}

/** The places for calls to the facilitators of one network, shared fairly. */
export interface Turns {
  /**
   * Waits for a place, and returns a function that releases it. Rejects with the request's own refusal if its source
   * has no room left, and with `facilitator_busy` if too many wait already or the wait took too long.
   */
  take(asker: Asker): Promise<() => void>;
}

/** Most concurrent calls. The rest of a lane is for settlements whose handlers have run. */
const PLACES = 192;
/** Of these, the most for one rank, so that something is left for the others. */
const RANK_PLACES = 128;
/** The most for one source. */
const SOURCE_PLACES: Readonly<Record<Rank, number>> = { known: 32, signed: 96, unproven: 96 };
/** Requests of one rank, and of one source, that may wait. */
const RANK_WAITING = 2_048;
const SOURCE_WAITING = 512;
/** Milliseconds that one waits. */
export const TURN_LIMIT = 15_000;

/** Returning buyers go first, then proven signers. */
const RANKS: readonly Rank[] = ["known", "signed", "unproven"];

interface Waiter {
  readonly asker: Asker;
  start(): void;
  refuse(error: Error): void;
}

interface Source {
  open: number;
  waiting: number;
  /** Waiting requests by payer; whose turn is next comes first. */
  readonly payers: Map<string, Set<Waiter>>;
}

interface Queue {
  open: number;
  /** In the order in which they came. */
  readonly waiting: Set<Waiter>;
  /** The next place goes by age. */
  byAge: boolean;
  /** Whose turn is next comes first. */
  readonly sources: Map<string, Source>;
}

/** The places of each network: one that hangs does not block another. */
export function turnsByNetwork(): (network: string) => Turns {
  const networks = new Map<string, Turns>();
  return (network) => {
    const turns = networks.get(network) ?? createTurns();
    networks.set(network, turns);
    return turns;
  };
}

export function createTurns(): Turns {
  const queues = Object.fromEntries(
    RANKS.map((rank): [Rank, Queue] => [rank, { open: 0, waiting: new Set(), byAge: false, sources: new Map() }]),
  ) as Record<Rank, Queue>;
  let open = 0;

  const sourceOf = ({ rank, source }: Asker): Source => {
    const { sources } = queues[rank];
    const found = sources.get(source) ?? { open: 0, waiting: 0, payers: new Map() };
    sources.set(source, found);
    return found;
  };

  const forget = ({ rank, source }: Asker): void => {
    const found = queues[rank].sources.get(source);
    if (found && found.open === 0 && found.waiting === 0) queues[rank].sources.delete(source);
  };

  const mayStart = ({ rank, source, room }: Asker, own: Source): boolean => {
    const places = source === "" ? RANK_PLACES : SOURCE_PLACES[rank];
    return open < PLACES && queues[rank].open < RANK_PLACES && own.open < Math.min(places, room());
  };

  /** Takes the place; returns a function that releases it once. */
  const start = (asker: Asker, own: Source): (() => void) => {
    const queue = queues[asker.rank];
    open++;
    queue.open++;
    own.open++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      open--;
      queue.open--;
      own.open--;
      forget(asker);
      fill();
    };
  };

  /** Takes one that waits out of its queue. */
  const leave = (queue: Queue, own: Source, waiter: Waiter): void => {
    const { payer } = waiter.asker;
    if (!queue.waiting.delete(waiter)) return;
    own.waiting--;
    const line = own.payers.get(payer);
    line?.delete(waiter);
    own.payers.delete(payer);
    // The next one of this payer comes after the others of the source.
    if (line && line.size > 0) own.payers.set(payer, line);
  };

  /** Whether one that waits may go now; it is refused where its source has no room left. */
  const isDue = (waiter: Waiter, own: Source): boolean => {
    const { asker } = waiter;
    if (asker.room() > 0) return mayStart(asker, own);
    waiter.refuse(asker.refusal());
    return false;
  };

  /** The one that has waited longest, of those that may go. */
  const oldest = (queue: Queue): Waiter | undefined => {
    for (const waiter of queue.waiting) {
      const own = queue.sources.get(waiter.asker.source);
      if (own && isDue(waiter, own)) return waiter;
    }
    return undefined;
  };

  /** One of the source, and there of the payer, whose turn it is. */
  const inTurn = (queue: Queue): Waiter | undefined => {
    for (const [name, own] of queue.sources) {
      for (;;) {
        const [line = []] = own.payers.values();
        const [first] = line;
        if (!first) break;
        if (isDue(first, own)) {
          queue.sources.delete(name);
          queue.sources.set(name, own);
          return first;
        }
        // Its source has all the places that it may have; one that was refused is not there any more.
        if (queue.waiting.has(first)) break;
      }
    }
    return undefined;
  };

  /**
   * In turns, so that a busy source does not hold up the others; and every second place by age, since junk may use a
   * new name each time.
   */
  const next = (queue: Queue): Waiter | undefined => {
    const found = queue.byAge ? oldest(queue) : inTurn(queue);
    if (found) queue.byAge = !queue.byAge;
    return found;
  };

  const fill = (): void => {
    for (const rank of RANKS) {
      const queue = queues[rank];
      while (queue.waiting.size > 0 && open < PLACES && queue.open < RANK_PLACES) {
        const waiter = next(queue);
        if (!waiter) break;
        waiter.start();
      }
    }
  };

  const wait = (asker: Asker, own: Source): Promise<() => void> =>
    new Promise((resolve, reject) => {
      const queue = queues[asker.rank];
      const leaveQueue = () => {
        clearTimeout(timer);
        leave(queue, own, waiter);
      };
      const waiter: Waiter = {
        asker,
        start: () => {
          leaveQueue();
          resolve(start(asker, own));
        },
        refuse: (error) => {
          leaveQueue();
          forget(asker);
          reject(error);
        },
      };
      const timer = setTimeout(() => waiter.refuse(busy(queue.waiting.size)), TURN_LIMIT);
      (timer as { unref?: () => void }).unref?.();
      const line = own.payers.get(asker.payer) ?? new Set();
      own.payers.set(asker.payer, line.add(waiter));
      queue.waiting.add(waiter);
      own.waiting++;
    });

  return {
    take: async (asker) => {
      if (asker.room() <= 0) throw asker.refusal();
      const queue = queues[asker.rank];
      const own = sourceOf(asker);
      if (own.waiting === 0 && mayStart(asker, own)) return start(asker, own);
      const most = asker.source === "" ? RANK_WAITING : SOURCE_WAITING;
      if (queue.waiting.size < RANK_WAITING && own.waiting < most) return wait(asker, own);
      forget(asker);
      throw busy(queue.waiting.size);
    },
  };
}

function busy(waiting: number): FacilitatorError {
  const message = `${waiting} payments are waiting for the facilitator`;
  return new FacilitatorError("facilitator_busy", message, { sent: false, retryAfter: 1 });
}
