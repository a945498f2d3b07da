import { createPaywall, type Paywall } from "@turnpike/core";
import type { Express } from "express";
import { expect, vi } from "vitest";
import { paywall } from "../src/index.js";
import { type openStand, quietApp } from "./stand.js";

/** Apps that are right, each with paths that have a price. */
export type RightApps = Record<
  string,
  readonly [make: (app: Express, tolls: Paywall) => void, paths: readonly string[]]
>;

/** The check is content with each app, and so is the first request: every price is asked. */
export async function expectRight(stand: ReturnType<typeof openStand>, apps: RightApps): Promise<void> {
  const warn = vi.spyOn(process, "emitWarning");
  for (const [name, [make, paths]] of Object.entries(apps)) {
    const app = quietApp();
    make(app, createPaywall(stand.config()));
    expect(() => paywall.check(app), name).not.toThrow();
    for (const path of paths) expect(await stand.status(app, path), `${name} ${path}`).toBe(402);
  }
  expect(warn).not.toHaveBeenCalled();
}
