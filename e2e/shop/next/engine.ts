import { createPaywall, type Paywall, type PaywallConfig } from "@turnpike/core";

/** What this process and the routes' modules share, which Next bundles apart from it and may load more than once. */
interface Shared {
  config?: PaywallConfig;
  readonly engines: Paywall[];
}

const key = Symbol.for("turnpike.shop.engine");
const place = globalThis as { [key]?: Shared };
place[key] ??= { engines: [] };
const shared = place[key];

/** Says what the routes are to serve, its store included: there is one for the process. */
export function provideConfig(config: PaywallConfig): void {
  shared.config = config;
}

/** The engine of the routes. While Next builds there are no settings, and nothing is sold. */
export function openEngine(): Paywall {
  shared.config ??= { payTo: () => process.env.PAY_TO, network: "base-sepolia" };
  const engine = createPaywall(shared.config);
  // Of one configuration a copy of the library makes one engine, whoever asks; another copy could not use it.
  if (!shared.engines.includes(engine)) shared.engines.push(engine);
  return engine;
}

/** Waits for the payments of every engine. */
export async function closeEngines(options: { readonly seconds?: number } = {}): Promise<void> {
  await Promise.all(shared.engines.map((engine) => engine.close(options)));
}
