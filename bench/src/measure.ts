/** What one operation costs: the median of the rounds, and the bounds of their middle half. */
export interface Cost {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** How long things are measured. */
export interface Effort {
  readonly rounds: number;
  /** Milliseconds of CPU in one round. */
  readonly round: number;
  /** Milliseconds before the first round, so that the code is compiled. */
  readonly warmUp: number;
  /** Operations before the first round; a long path through much code needs some thousands. */
  readonly warmUps: number;
}

/** Whether a warm-up is over; a slow machine may not get to all its operations. */
function isWarm(since: number, operations: number, { warmUp, warmUps }: Effort): boolean {
  const passed = performance.now() - since;
  return passed >= warmUp && (operations >= warmUps || passed >= warmUp * 8);
}

/**
 * Microseconds of CPU that this process has used, its garbage collector and compiler included. Unlike the clock it does
 * not run while another process has the core.
 */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Times a synchronous operation, in microseconds of CPU. */
export function measure(operation: (i: number) => unknown, effort: Effort): Cost {
  const run = (count: number): number => {
    const start = cpuTime();
    for (let i = 0; i < count; i++) keep(operation(i));
    return cpuTime() - start;
  };
  const start = performance.now();
  let count = 16;
  for (let done = 0; !isWarm(start, done, effort); done += count) count = resize(count, run(count), effort);
  return summarise(Array.from({ length: effort.rounds }, () => run(count) / count));
}

/**
 * Times an asynchronous operation, in microseconds of CPU: one after the other, each in a turn of the event loop as
 * requests are.
 * @param prepare makes the inputs of a round, untimed
 */
export async function measureAsync<T>(
  prepare: (count: number) => readonly T[],
  operation: (input: T) => unknown,
  effort: Effort,
): Promise<Cost> {
  const time = async (inputs: readonly T[], work: (input: T) => unknown): Promise<number> => {
    const start = cpuTime();
    for (const input of inputs) {
      keep(await work(input));
      await turn();
    }
    return cpuTime() - start;
  };
  const start = performance.now();
  let count = 16;
  for (let done = 0; !isWarm(start, done, effort); done += count) {
    count = resize(count, await time(prepare(count), operation), effort);
  }
  const costs: number[] = [];
  for (let i = 0; i < effort.rounds; i++) {
    const inputs = prepare(count);
    const idle = await time(inputs, nothing);
    costs.push(((await time(inputs, operation)) - idle) / count);
  }
  return summarise(costs);
}

/** Times one operation a round at a time, so that rounds of several processes can take turns. */
export interface Meter {
  warmUp(): Promise<void>;
  /** Microseconds of CPU for one operation. */
  round(): Promise<number>;
}

export function createMeter(operation: () => unknown, effort: Effort): Meter {
  let count = 16;
  const time = async (): Promise<number> => {
    const start = cpuTime();
    for (let i = 0; i < count; i++) {
      const result = operation();
      keep(result instanceof Promise ? await result : result);
    }
    return cpuTime() - start;
  };
  return {
    warmUp: async () => {
      const start = performance.now();
      for (let done = 0; !isWarm(start, done, effort); done += count) count = resize(count, await time(), effort);
    },
    round: async () => (await time()) / count,
  };
}

/** Median and quartiles. */
export function summarise(figures: readonly number[]): Cost {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** How many operations fill a round. */
function resize(count: number, microseconds: number, { round }: Effort): number {
  const wanted = (count * round * 1000) / Math.max(microseconds, 1);
  return Math.max(16, Math.ceil(Math.min(wanted, count * 4)));
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function nothing(): Promise<void> {}

let kept: unknown;

/** Keeps a result alive, so that none of the work that made it can be left out. */
function keep(result: unknown): void {
  kept = result;
  if (kept === keep) throw new Error("The operation returned what it cannot know");
}
