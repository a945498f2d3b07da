import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, vi } from "vitest";
import { FacilitatorError } from "../src/lib/errors.js";
import { httpFacilitator } from "../src/lib/facilitator/http.js";
import { createPool, type FacilitatorHealth, type FacilitatorTimeouts } from "../src/lib/facilitator/pool.js";
import type { Facilitator } from "../src/lib/facilitator/types.js";
import type { FacilitatorRequest, JsonObject } from "../src/lib/protocol/types.js";

/** Facilitators that are servers of their own, whose every answer a test decides. */

export type Operation = "verify" | "settle" | "supported";
export type Answer = (response: ServerResponse) => void;

export interface Service {
  facilitator: Facilitator;
  /** Calls that have arrived. */
  readonly calls: Record<Operation, number>;
  /** How it answers from now on. */
  readonly answers: Record<Operation, Answer>;
  /** Stops listening and cuts its connections; `start` listens at the same address again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const servers = new Set<Server>();

export async function stopServices(): Promise<void> {
  await Promise.all([...servers].map(stop));
}

function stop(server: Server): Promise<void> {
  servers.delete(server);
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) => {
    // Without kept connections a stopped service is one that cannot be reached, at once and for certain.
    const own = { "content-type": "application/json", connection: "close" };
    response.writeHead(status, { ...own, ...headers }).end(JSON.stringify(body));
  };
export const hang: Answer = () => undefined;
export const cut: Answer = (response) => response.destroy();
export const valid = answer(200, { isValid: true });
export const settled = answer(200, { success: true, transaction: "0x1", network: "eip155:1" });
export const broken = answer(500, {});

/** One answer after the other, then the last one for ever. */
export function inTurn(...answers: [Answer, ...Answer[]]): Answer {
  return (response) => (answers.length > 1 ? (answers.shift() as Answer) : answers[0])(response);
}

/** Holds its calls until they are let go with an answer. */
export function held(): { readonly answer: Answer; readonly waiting: ServerResponse[]; release(by: Answer): void } {
  const waiting: ServerResponse[] = [];
  return {
    answer: (response) => void waiting.push(response),
    waiting,
    release: (by) => {
      for (const response of waiting.splice(0)) by(response);
    },
  };
}

/** What a facilitator lists: `exact` on these networks, with an `extra` of its own if need be. */
export function serves(networks: readonly string[] = ["eip155:1"], extra?: JsonObject): Answer {
  const kinds = networks.map((network) => ({ x402Version: 2, scheme: "exact", network, ...(extra ? { extra } : {}) }));
  return answer(200, { kinds });
}

export async function startService(supported: Answer = serves()): Promise<Service> {
  const calls: Service["calls"] = { verify: 0, settle: 0, supported: 0 };
  const answers: Service["answers"] = { verify: valid, settle: settled, supported };
  const server = createServer((request, response) => {
    const operation = (request.url ?? "").slice(1) as Operation;
    request.resume().on("end", () => {
      calls[operation]++;
      answers[operation](response);
    });
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => {
      servers.add(server);
      server.listen(port, "127.0.0.1", resolve);
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    facilitator: httpFacilitator(`http://127.0.0.1:${port}`),
    calls,
    answers,
    stop: () => stop(server),
    start: () => listen(port),
  };
}

export const TIMEOUTS: FacilitatorTimeouts = { verify: 5_000, settle: 5_000, supported: 5_000 };

/** A pool of services, with what it has told of their health. Offers take `feePayer` over from facilitators. */
export function openPool(services: readonly Service[], timeouts: Partial<FacilitatorTimeouts> = {}) {
  const told: FacilitatorHealth[] = [];
  const pool = createPool(
    services.map(({ facilitator }) => facilitator),
    { ...TIMEOUTS, ...timeouts },
    { takenOver: () => ["feePayer"], onChange: (health) => told.push(health) },
  );
  return Object.assign(pool, { told });
}

export function requestFor(network = "eip155:1", extra?: JsonObject): FacilitatorRequest {
  const offer = {
    scheme: "exact",
    network,
    amount: "1",
    asset: "0xa",
    payTo: "0xb",
    maxTimeoutSeconds: 60,
    ...(extra ? { extra } : {}),
  };
  return {
    x402Version: 2,
    paymentPayload: { x402Version: 2, accepted: offer, payload: {} },
    paymentRequirements: offer,
  };
}

export async function failure(promise: Promise<unknown>): Promise<FacilitatorError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(FacilitatorError);
  return error as FacilitatorError;
}

/** From here on the clock of breakers and back-offs stands still, and moves by `pass` only. Time limits are real. */
export function holdClock(): void {
  vi.useFakeTimers({ toFake: ["performance"] });
}

export function pass(milliseconds: number): void {
  vi.advanceTimersByTime(milliseconds);
}
