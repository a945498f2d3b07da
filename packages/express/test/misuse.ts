import { type ConfigError, createPaywall, type Paywall, type PaywallConfig } from "@turnpike/core";
import type { Express, Request } from "express";
import { expect } from "vitest";
import { paywall } from "../src/index.js";
import { quietApp } from "./stand.js";

export type Misuse = readonly [make: (app: Express, tolls: Paywall) => void, names: RegExp];

/** Each app has one problem, which the check names by its code, its method and its path. */
export function expectEach(config: PaywallConfig<Request>, code: string, apps: Record<string, Misuse>): void {
  for (const [what, [make, names]] of Object.entries(apps)) {
    const app = quietApp();
    make(app, createPaywall(config));
    let found: ConfigError | undefined;
    try {
      paywall.check(app);
    } catch (error) {
      found = error as ConfigError;
    }
    expect(
      found?.problems?.map((problem) => problem.code),
      what,
    ).toEqual([code]);
    expect(found?.message, what).toMatch(names);
  }
}
