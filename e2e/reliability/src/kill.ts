import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PaymentRecord } from "@turnpike/core";
import { payer, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import { nonceOf } from "./payment.js";
import { startVictim, type Victim } from "./process.js";
import { ask, type Came, type Flow } from "./request.js";

/** What became of one purchase whose seller was killed. */
export interface KillResult {
  readonly flow: Flow;
  readonly point: string;
  readonly charges: number;
  /** The answer that the same payment got in the end. */
  readonly status: number;
  readonly state: PaymentRecord["state"] | "none";
  /** Times that the handler ran, before and after. */
  readonly runs: number;
  /** Seconds from the restart to the answer. */
  readonly seconds: number;
  /** What is wrong with it; empty if nothing is. */
  readonly faults: readonly string[];
}

/** The longest that a payment may stay open after a restart, in seconds, on a machine with time for it. */
const RESOLVED = 20;
/** Purchases that are tried at once: most of each is waiting for a lease to end. */
const AT_ONCE = 10;
/** The settlement is on the chain, and its answer has not come. */
const CHARGED = "settle charged";

/**
 * Kills a shop at every point of a purchase, starts it again on the same store, and sends the same payment until it is
 * answered.
 * @param addressOf the store for one purchase; a file belongs to one process, so each needs its own
 * @param within the longest that a payment may stay open after a restart, in seconds
 */
export async function killEverywhere(
  addressOf: (directory: string, name: string) => string,
  within = RESOLVED,
): Promise<readonly KillResult[]> {
  const directory = mkdtempSync(join(tmpdir(), "turnpike-kill-"));
  const facilitator = await startFacilitator();
  try {
    const results: KillResult[] = [];
    for (const flow of ["after", "before", "upgrade"] as const) {
      const points = await listPoints(
        addressOf(directory, `${flow}-trace`),
        facilitator,
        flow,
        join(directory, `${flow}.points`),
      );
      const queue = points.map((point, i) => ({ point, address: addressOf(directory, `${flow}-${i}`) }));
      const work = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          results.push(await killAt(next.address, facilitator, flow, next.point, directory, within));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    }
    return results;
  } finally {
    await facilitator.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The points that an undisturbed purchase passes. */
async function listPoints(
  store: string,
  { url }: TestFacilitator,
  flow: Flow,
  trace: string,
): Promise<readonly string[]> {
  const victim = await startVictim({ STORE: store, FACILITATOR_URL: url, TRACE: trace });
  const header = await payer().header(readRequired(await ask(victim.origin, flow)));
  const { status } = await ask(victim.origin, flow, header);
  if (status !== 200) throw new Error(`an undisturbed purchase was answered with ${status}`);
  // The last write comes after the answer.
  while (!readFileSync(trace, "utf8").includes("write payment delivered after")) await pause(20);
  await victim.kill();
  const points = [...new Set(readFileSync(trace, "utf8").trim().split("\n"))];
  points.splice(points.indexOf("settle after"), 0, CHARGED);
  return points;
}

async function killAt(
  store: string,
  facilitator: TestFacilitator,
  flow: Flow,
  point: string,
  directory: string,
  within: number,
): Promise<KillResult> {
  const runs = join(directory, `${flow}-${point.replaceAll(" ", "-")}.runs`);
  const shared = { STORE: store, FACILITATOR_URL: facilitator.url, RUNS: runs };
  const client = payer();
  const first = await startVictim({ ...shared, KILL_POINT: point });
  const header = await client.header(readRequired(await ask(first.origin, flow)));
  const nonce = nonceOf(header);
  const send = (victim: Victim) => ask(victim.origin, flow, header).catch(() => undefined);
  const dead = point === CHARGED ? killWhenCharged(facilitator, first, nonce) : undefined;
  const before = await send(first);
  await dead;
  const end = await first.ended;

  const second = await startVictim(shared);
  const started = performance.now();
  let response = await send(second);
  let record = await recordOf(second, nonce);
  // An upgrade that was delivered is not kept, and buys no second one. One whose delivery was not written down is owed.
  const isSold = () =>
    response?.status === 200 || (flow === "upgrade" && before?.status === 200 && record?.state === "delivered");
  while (!isSold() && performance.now() - started < within * 1000) {
    await pause(250);
    response = await send(second);
    record = await recordOf(second, nonce);
  }
  const seconds = (performance.now() - started) / 1000;
  const charges = facilitator.charges.filter((charge) => charge.nonce === nonce).length;
  while (record?.state !== "delivered" && performance.now() - started < within * 1000) {
    await pause(50);
    record = await recordOf(second, nonce);
  }
  await second.kill("SIGTERM");
  const lines = readLines(runs).filter(({ event }) => event === "begin").length;
  const faults = [
    ...(end === "SIGKILL" ? [] : [`the shop was not killed but ended with ${end}`]),
    ...(charges === 1 ? [] : [`${charges} charges`]),
    ...(isSold() ? [] : [`no answer within ${within} s, but ${response?.status}`]),
    ...(record?.state === "delivered" ? [] : [`the record says ${record?.state}`]),
    ...(lines <= 3 ? [] : [`${lines} runs`]),
  ];
  const status = isSold() ? 200 : (response?.status ?? 0);
  return { flow, point, charges, status, state: record?.state ?? "none", runs: lines, seconds, faults };
}

/** Kills the shop while its settle call is open: the chain has taken the payment, and nobody has said so. */
function killWhenCharged(facilitator: TestFacilitator, victim: Victim, nonce: string): Promise<void> {
  return new Promise((resolve) => {
    watched.set(nonce, async () => {
      watched.delete(nonce);
      await victim.kill();
      resolve();
    });
    facilitator.always("settle", async (call) => {
      const answer = await call.act();
      const name = (call.body as { paymentPayload: { payload: { authorization: { nonce: string } } } }).paymentPayload
        .payload.authorization.nonce;
      await watched.get(name)?.();
      call.response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  });
}
const watched = new Map<string, () => Promise<void>>();

async function recordOf(victim: Victim, nonce: string): Promise<PaymentRecord | undefined> {
  const response = await fetch(`${victim.origin}/_ledger`);
  const records = (await response.json()) as readonly PaymentRecord[];
  return records.find(({ id }) => id.endsWith(`:${nonce}`));
}

interface Line {
  readonly at: number;
  readonly pid: number;
  readonly event: "begin" | "end";
  readonly nonce: string;
}

export function readLines(file: string): readonly Line[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line.endsWith("}"))
      .map((line) => JSON.parse(line) as Line);
  } catch {
    return [];
  }
}

function readRequired({ status, required }: Came) {
  if (!required) throw new Error(`the shop answered ${status} without PAYMENT-REQUIRED`);
  return JSON.parse(Buffer.from(required, "base64").toString());
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
