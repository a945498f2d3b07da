import {
  type Payer,
  payer,
  type RawAnswer,
  rawRequest,
  readChallenge,
  startFacilitator,
  type TestFacilitator,
} from "@turnpike/testing";
import { afterAll, beforeAll } from "vitest";
import { type RunningNext, startNext } from "./next-server.js";

/** The test app with a facilitator and a buyer, for the tests of one file. */
export interface Till {
  readonly origin: string;
  readonly facilitator: TestFacilitator;
  readonly charges: number;
  runs(name: string): number;
  get(path: string, init?: RequestInit): Promise<Response>;
  buy(path: string, init?: RequestInit, options?: Parameters<Payer["buy"]>[2]): ReturnType<Payer["buy"]>;
  /** A payment for a GET of this path, as its header. */
  pay(path: string): Promise<string>;
  raw(...lines: string[]): Promise<RawAnswer>;
}

/** @param directory of the app. @default the one with all routes */
export function openTill(directory?: string): Till {
  let facilitator!: TestFacilitator;
  let app!: RunningNext;
  const buyer = payer();
  beforeAll(async () => {
    facilitator = await startFacilitator();
    app = await startNext(facilitator.url, directory);
  }, 300_000);
  afterAll(async () => {
    await app?.close();
    await facilitator?.close();
  });
  return {
    get origin() {
      return app.origin;
    },
    get facilitator() {
      return facilitator;
    },
    get charges() {
      return facilitator.charges.length;
    },
    runs: (name) => app.runs(name),
    get: (path, init) => fetch(app.origin + path, { redirect: "manual", ...init }),
    buy: (path, init, options) => buyer.buy(app.origin + path, init, options),
    async pay(path) {
      const required = readChallenge(await fetch(app.origin + path));
      if (!required) throw new Error(`${path} asks no payment.`);
      return buyer.header(required);
    },
    raw: (...lines) => rawRequest(app.origin, lines),
  };
}
