import type { History } from "./histories.js";
import type { KillResult } from "./kill.js";

export interface Told {
  readonly text: string;
  /** Nothing broke a rule. */
  readonly sound: boolean;
}

export function tellKills(store: string, results: readonly KillResult[]): Told {
  const faulty = results.filter(({ faults }) => faults.length > 0);
  const slowest = Math.max(...results.map(({ seconds }) => seconds));
  const twice = results.filter(({ runs }) => runs > 1).length;
  const lines = [
    `kill, ${store}: ${results.length} kills at ${new Set(results.map(({ point }) => point)).size} points`,
    `  charged once ${count(results, ({ charges }) => charges === 1)}, charged twice ${count(results, ({ charges }) => charges > 1)}, unrecorded ${count(results, ({ charges, state }) => charges > 0 && state === "none")}`,
    `  delivered ${count(results, ({ status }) => status === 200)}, of which after a second run ${twice}; the longest wait after the restart ${slowest.toFixed(1)} s`,
    ...faulty.map(({ flow, point, faults }) => `  WRONG ${flow}, ${point}: ${faults.join(", ")}`),
  ];
  return { text: lines.join("\n"), sound: faulty.length === 0 && results.length > 0 };
}

export function tellHistory(history: History): Told {
  const { store, seconds, kills, restarts, purchases, ends, charges, runs, answers, violations } = history;
  const lines = [
    `history, ${store}: ${purchases} purchases in ${seconds.toFixed(0)} s, ${kills} kills of a seller, ${restarts} restarts of the store`,
    `  ${list(ends)}; ${charges} charges, ${runs} runs of the handler`,
    `  answers: ${list(answers)}`,
    `  violations of I1 to I5: ${violations.length}`,
    ...violations.slice(0, 20).map((violation) => `  WRONG ${violation}`),
  ];
  return { text: lines.join("\n"), sound: violations.length === 0 && ends.unknown === 0 };
}

const count = <T>(all: readonly T[], test: (one: T) => boolean): number => all.filter(test).length;
const list = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, times]) => `${name} ${times}`)
    .join(", ");
