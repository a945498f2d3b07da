import type { PaymentRecord } from "@turnpike/core";
import type { Charge } from "@turnpike/testing";

/** One purchase as its client saw it. */
export interface Purchase {
  readonly path: string;
  readonly header: string;
  readonly nonce: string;
  /** Statuses of the answers to its payment, in their order. */
  readonly answers: number[];
  body: string;
}

export interface RunLine {
  readonly at: number;
  readonly pid: number;
  readonly event: "begin" | "end";
  readonly nonce: string;
}

export interface Evidence {
  readonly purchases: readonly Purchase[];
  readonly records: readonly PaymentRecord[];
  readonly charges: readonly Charge[];
  readonly runs: readonly RunLine[];
  /** Unix milliseconds at which processes were killed. */
  readonly deaths: ReadonlyMap<number, number>;
}

export interface Verdict {
  readonly purchases: number;
  /** How the purchases ended. */
  readonly ends: Readonly<Record<"delivered" | "not charged" | "owed" | "unknown", number>>;
  readonly charges: number;
  readonly runs: number;
  /** What breaks an invariant, each with its number; empty if nothing does. */
  readonly violations: readonly string[];
}

/** Holds a history to the money rules (threats, section 1). */
export function checkHistory({ purchases, records, charges, runs, deaths }: Evidence): Verdict {
  const violations: string[] = [];
  const ends = { delivered: 0, "not charged": 0, owed: 0, unknown: 0 };
  const byNonce = new Map(records.map((record) => [record.id.split(":").at(-1)?.split("#")[0] ?? "", record]));
  const charged = countBy(charges.map(({ nonce }) => nonce.toLowerCase()));
  const known = new Set(purchases.map(({ nonce }) => nonce.toLowerCase()));
  for (const nonce of charged.keys()) {
    if (!known.has(nonce)) violations.push(`I3 ${nonce}: charged, and nobody bought it`);
  }
  for (const { nonce, answers, body, path } of purchases) {
    const times = charged.get(nonce.toLowerCase()) ?? 0;
    const record = byNonce.get(nonce.toLowerCase());
    const delivered = answers.includes(200);
    const tell = (rule: string, what: string) =>
      violations.push(`${rule} ${nonce}: ${what}; answers ${answers.join(" ")}, record ${record?.state ?? "none"}`);
    if (times > 1) tell("I3", `charged ${times} times`);
    if (delivered && times === 0) tell("I4", "delivered and not charged");
    if (delivered && body !== JSON.stringify({ goods: path })) tell("I4", "delivered something else");
    if (times > 0 && !delivered && record?.state !== "owed" && record?.state !== "unknown") {
      // The last answer may have been lost on its way to a client that gave up.
      if (record?.state !== "delivered") tell("I4", "charged, not delivered, and not on record as owed");
    }
    if (times > 0 && (!record || record.state === "failed" || record.state === "released")) {
      tell("I5", "charged, and the record says that it was not");
    }
    if (times === 0 && record && ["settled", "delivered", "owed"].includes(record.state)) {
      tell("I5", "not charged, and the record says that it was");
    }
    if (record && ["running", "settling", "settled"].includes(record.state)) tell("I5", "still at work");
    if (record?.state === "unknown") ends.unknown++;
    else if (delivered || record?.state === "delivered") ends.delivered++;
    else if (record?.state === "owed") ends.owed++;
    else ends["not charged"]++;
  }
  violations.push(...checkRuns(runs, byNonce, deaths, known));
  const begun = runs.filter(({ event }) => event === "begin").length;
  return { purchases: purchases.length, ends, charges: charges.length, runs: begun, violations };
}

/** I1 and I2: every run has a payment, no two runs of one payment overlap, and none begins after a delivery. */
function checkRuns(
  lines: readonly RunLine[],
  records: ReadonlyMap<string, PaymentRecord>,
  deaths: ReadonlyMap<number, number>,
  known: ReadonlySet<string>,
): readonly string[] {
  const violations: string[] = [];
  const open = new Map<string, RunLine>();
  for (const line of [...lines].sort((a, b) => a.at - b.at)) {
    const nonce = line.nonce.toLowerCase();
    if (!known.has(nonce)) violations.push(`I1 ${nonce}: a run that nobody paid for`);
    if (line.event === "end") {
      if (open.get(nonce)?.pid === line.pid) open.delete(nonce);
      continue;
    }
    const other = open.get(nonce);
    const died = other && deaths.get(other.pid);
    if (other && !(died !== undefined && died <= line.at)) violations.push(`I2 ${nonce}: two runs at once`);
    const delivered = records.get(nonce)?.times.delivered;
    if (delivered !== undefined && line.at > delivered) violations.push(`I2 ${nonce}: a run after the delivery`);
    open.set(nonce, line);
  }
  return violations;
}

function countBy(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
