import { memoryStore } from "@turnpike/core";
import type { Harness } from "./harness.js";
import { type ShopPlan, seller } from "./shop.js";
import { setStage } from "./stage.js";

/** One problem that the check of an app names. */
export interface Found {
  readonly code: string;
  /** Where it is and what is wrong, in one text. */
  readonly text: string;
}

/**
 * What the check of an app names; empty if it is content. Nothing is served, and no facilitator is asked.
 * @throws what the check throws that is no `ConfigError`
 */
export async function checkPlan(harness: Harness, { config, ...plan }: ShopPlan): Promise<readonly Found[]> {
  if (!harness.check) throw new Error(`${harness.name} has no check; its harness declares these cases as exceptions`);
  const { stage } = setStage({
    routes: [],
    ...plan,
    config: {
      payTo: seller,
      network: "base-sepolia",
      facilitator: "http://127.0.0.1:9",
      reconcileSeconds: 0,
      store: memoryStore(),
      ...(typeof config === "function" ? config("http://127.0.0.1:9") : config),
    },
  });
  try {
    await harness.check(stage);
    return [];
  } catch (error) {
    return problemsOf(error);
  }
}

/** The problems of a `ConfigError`; anything else is thrown again. */
export function problemsOf(error: unknown): readonly Found[] {
  const { name, problems } = error as { name?: string; problems?: { code: string; path: string; message: string }[] };
  if (name !== "ConfigError" || !problems) throw error;
  return problems.map(({ code, path, message }) => ({ code, text: `${path} ${message}` }));
}
