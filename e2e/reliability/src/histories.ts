import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PaymentRecord } from "@turnpike/core";
import { faults, type Payer, payer, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import type { Backend } from "./backend.js";
import { checkHistory, type Purchase, type Verdict } from "./check-history.js";
import { readLines } from "./kill.js";
import { nonceOf } from "./payment.js";
import { startVictim, type Victim } from "./process.js";

export interface HistoryPlan {
  readonly purchases: number;
  /** Processes that sell. */
  readonly sellers: number;
  /** Clients, each of which buys several things at once. */
  readonly clients: number;
  /** Milliseconds between two kills of a seller, and between two restarts of the store; 0: none. */
  readonly killEvery: number;
  readonly restartEvery: number;
}

export interface History extends Verdict {
  readonly store: string;
  readonly seconds: number;
  readonly kills: number;
  readonly restarts: number;
  /** Answers that clients got in all, by status and code; some broke off. */
  readonly answers: Readonly<Record<string, number>>;
}

/** Purchases that one client makes at once. */
const LANES = 8;
/** Milliseconds that a client keeps sending one payment; then it waits for the end of the run. */
const PATIENCE = 30_000;
/** The share of requests whose client leaves at once, of settlements that go wrong, and of verifications that do. */
const LEAVES = 0.03;
const SETTLE_FAULTS = 0.06;
const VERIFY_FAULTS = 0.03;

/** Many clients buy from several processes on one store, while everything fails that may fail. */
export async function runHistory(backend: Backend, plan: HistoryPlan): Promise<History> {
  const directory = mkdtempSync(join(tmpdir(), "turnpike-history-"));
  const log = join(directory, "runs");
  const facilitator = await startFacilitator();
  const env = { STORE: backend.address, FACILITATOR_URL: facilitator.url, RUNS: log, HANDLER_MS: "20" };
  const sellers: Victim[] = await Promise.all(Array.from({ length: plan.sellers }, () => startVictim(env)));
  const deaths = new Map<number, number>();
  const answers: Record<string, number> = {};
  const started = performance.now();
  let [kills, restarts, over] = [0, 0, false];
  misbehave(facilitator);

  const repeat = async (every: number, act: () => Promise<void>) => {
    while (every > 0 && !over) {
      await pause(every * (0.5 + Math.random()));
      if (!over) await act();
    }
  };
  const killing = repeat(plan.killEvery, async () => {
    const at = Math.floor(Math.random() * sellers.length);
    const victim = sellers[at] as Victim;
    await victim.kill();
    deaths.set(victim.pid, Date.now());
    kills++;
    sellers[at] = await startAgain(env);
  });
  const restarting = repeat(plan.restartEvery, async () => {
    await backend.restart();
    restarts++;
  });

  const count = (name: string) => {
    answers[name] = (answers[name] ?? 0) + 1;
  };
  const send = async (path: string, header?: string): Promise<Response | undefined> => {
    const { origin } = sellers[Math.floor(Math.random() * sellers.length)] as Victim;
    const limit = header !== undefined && Math.random() < LEAVES ? 5 : 10_000;
    try {
      const headers: Record<string, string> = header === undefined ? {} : { "payment-signature": header };
      const response = await fetch(origin + path, { headers, signal: AbortSignal.timeout(limit) });
      const whole = new Response(await response.arrayBuffer(), response);
      count(await nameOf(whole));
      return whole;
    } catch {
      count("no answer");
      return undefined;
    }
  };

  const purchases: Purchase[] = [];
  let left = plan.purchases;
  const lane = async (client: Payer) => {
    while (left-- > 0) purchases.push(await buy(client, send));
  };
  const clients = Array.from({ length: plan.clients }, () => payer());
  await Promise.all(clients.flatMap((client) => Array.from({ length: LANES }, () => lane(client))));
  over = true;
  await Promise.all([killing, restarting]);

  // All is well again: nothing may stay open, and what was paid can be collected.
  for (const operation of ["verify", "settle"] as const) facilitator.always(operation, faults.ok());
  await collectRest(purchases, send);
  const records = await settleDown(sellers);
  const verdict = checkHistory({
    purchases,
    records,
    charges: facilitator.charges,
    runs: readLines(log),
    deaths,
  });
  await Promise.all(sellers.map((seller) => seller.kill("SIGTERM")));
  await facilitator.close();
  rmSync(directory, { recursive: true, force: true });
  const seconds = (performance.now() - started) / 1000;
  return { store: backend.name, seconds, kills, restarts, answers, ...verdict };
}

/** An answer by its status and, if it is a refusal, its code. */
async function nameOf(response: Response): Promise<string> {
  if (response.status === 200) return "200";
  try {
    const { code = "" } = (await response.clone().json()) as { readonly code?: string };
    return `${response.status} ${code}`.trim();
  } catch {
    return String(response.status);
  }
}

/** A seller cannot start while its store is down; whoever keeps it running tries again. */
async function startAgain(env: Readonly<Record<string, string>>): Promise<Victim> {
  for (;;) {
    try {
      return await startVictim(env);
    } catch {
      await pause(200);
    }
  }
}

type Send = (path: string, header?: string) => Promise<Response | undefined>;

async function buy(client: Payer, send: Send): Promise<Purchase> {
  const path = Math.random() < 0.3 ? "/before" : "/after";
  let unpaid = await send(path);
  while (unpaid?.status !== 402) {
    await pause(100);
    unpaid = await send(path);
  }
  const required = JSON.parse(Buffer.from(unpaid.headers.get("payment-required") ?? "", "base64").toString());
  const header = await client.header(required);
  const purchase: Purchase = { path, header, nonce: nonceOf(header), answers: [], body: "" };
  await collect(purchase, send, PATIENCE);
  return purchase;
}

/** Sends the same payment until it is answered for good, or patience ends. */
async function collect(purchase: Purchase, send: Send, patience: number): Promise<void> {
  const started = performance.now();
  for (let wait = 50; performance.now() - started < patience; wait = Math.min(wait * 1.5, 1_000)) {
    const response = await send(purchase.path, purchase.header);
    if (response) purchase.answers.push(response.status);
    if (response?.status === 200) purchase.body = await response.text();
    if (response?.status === 200 || response?.status === 402) return;
    await pause(wait);
  }
}

async function collectRest(purchases: readonly Purchase[], send: Send): Promise<void> {
  const open = purchases.filter(({ answers }) => ![200, 402].includes(answers.at(-1) ?? 0));
  await Promise.all(open.map((purchase) => collect(purchase, send, 60_000)));
}

/**
 * Waits until nothing is at work or in doubt; gives the records. What is in doubt is looked at more and more rarely, so this
 * may take as long as the history, five minutes at most.
 */
async function settleDown([seller]: readonly Victim[]): Promise<readonly PaymentRecord[]> {
  const ask = async (path: string): Promise<readonly PaymentRecord[]> => {
    for (;;) {
      const response = await fetch(`${seller?.origin}${path}`);
      if (response.ok) return (await response.json()) as readonly PaymentRecord[];
      await pause(500);
    }
  };
  for (let i = 0; i < 600; i++) {
    if ((await ask("/_open")).length === 0) break;
    await pause(500);
  }
  return ask("/_ledger");
}

/** A facilitator that fails in every way that it may, some of the time. */
function misbehave(facilitator: TestFacilitator): void {
  const lost = [
    faults.resetAfterAccept(),
    faults.reset(),
    faults.halfway(),
    faults.acted(faults.status(502, "bad gateway")),
    faults.status(500, "error"),
    faults.acted(faults.hang()),
    faults.pending(),
    faults.altered({ network: "eip155:1" }),
    faults.altered({ transaction: "" }),
    faults.text("{"),
  ];
  const silly = [faults.reset(), faults.status(503), faults.status(429), faults.text("null"), faults.hang()];
  const pick = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)] as T;
  facilitator.always("settle", (call) => (Math.random() < SETTLE_FAULTS ? pick(lost) : faults.ok())(call));
  facilitator.always("verify", (call) => (Math.random() < VERIFY_FAULTS ? pick(silly) : faults.ok())(call));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
