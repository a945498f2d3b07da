import { createPaywall, type Paywall, type Store } from "@turnpike/core";
import { durableObjectStore, type LedgerNamespace } from "@turnpike/durable-objects";
import { createShop } from "@turnpike/shop-hono/app";
import { createConfig, type Environment, readSettings } from "@turnpike/shop-shared/settings";
import type { StoreSetting } from "@turnpike/shop-shared/store-setting";

export { PaymentLedger } from "@turnpike/durable-objects";

type App = ReturnType<typeof createShop>;
type Context = Parameters<App["fetch"]>[2] & { waitUntil(work: Promise<unknown>): void };
type Bindings = Environment & { readonly LEDGER: LedgerNamespace };

interface Shop {
  readonly app: App;
  readonly tolls: Paywall;
  /** Serves one request. */
  serve<T>(act: () => T): T;
  /** When it last looked after open payments, in Unix milliseconds. */
  looked: number;
}

/** Milliseconds between two looks at open payments. */
const pause = 5_000;

let shop: Promise<Shop> | undefined;

// The variables come with the requests, and `main.ts` has checked them before the start.
export default {
  async fetch(request: Request, environment: Bindings, context: Context): Promise<Response> {
    shop ??= openShop(environment);
    const opened = await shop;
    return opened.serve(() => {
      lookAfter(opened, context);
      return opened.app.fetch(request, environment, context);
    });
  },
};

async function openShop(environment: Bindings): Promise<Shop> {
  const settings = readSettings(environment);
  const { store, serve } = await openStore(settings.store, environment);
  // A timer ends with the request that has set it.
  const config = { ...createConfig(settings, environment.ORIGIN ?? "", store), reconcileSeconds: 0 };
  return { app: createShop(config), tolls: createPaywall(config), serve, looked: 0 };
}

async function openStore(
  setting: StoreSetting,
  environment: Bindings,
): Promise<Pick<Shop, "serve"> & { readonly store: Store | undefined }> {
  if (setting.kind === "redis" || setting.kind === "postgres") {
    // A module of its own, so that this one shows what the library needs of the runtime, and that it is nothing of Node.
    const { createServerStore } = await import("./servers.js");
    return createServerStore(setting);
  }
  const store = setting.kind === "file" ? durableObjectStore(environment.LEDGER) : undefined;
  return { store, serve: (act) => act() };
}

/** Finds out, beside a request, what became of the payments that are open. */
function lookAfter(shop: Shop, context: Context): void {
  const now = Date.now();
  if (now < shop.looked + pause) return;
  shop.looked = now;
  context.waitUntil(shop.tolls.reconcile().catch(() => {}));
}
