import { subscribe } from "node:diagnostics_channel";
import { ConfigError } from "@turnpike/core";
import type { FastifyInstance } from "fastify";
import { OwnPrice, statesPrice } from "./own-price.js";
import type { Prices } from "./prices.js";
import { listRoutes, nameOf, type RouteConfig, type Served } from "./served.js";

/** What all paywalls of one app share. */
export interface App {
  readonly served: readonly Served[];
  /** Where they were registered. */
  readonly scopes: FastifyInstance[];
  /** Those that have started. */
  readonly paywalls: Prices[];
}

/** Shared between copies of this module, so that one does not miss the paywall of another. */
const APPS = Symbol.for("turnpike.fastify.apps");
const shared = globalThis as { [APPS]?: WeakMap<FastifyInstance, App> };
shared[APPS] ??= new WeakMap();
const apps = shared[APPS];

/** @param root the app itself */
export function joinApp(root: FastifyInstance): App {
  let app = apps.get(root);
  if (!app) {
    app = { served: listRoutes(root), scopes: [], paywalls: [] };
    apps.set(root, app);
    root.decorateRequest("payment");
  }
  return app;
}

/**
 * Looks at every app that is made from here on: one whose routes state prices that no paywall reads would give them away.
 * Fastify tells of new apps by this channel.
 */
export function watchApps(): void {
  subscribe("fastify.initialization", (message) => {
    const { fastify } = message as { fastify: FastifyInstance };
    const routes: { config?: object; method: string | string[]; url: string }[] = [];
    fastify.addHook("onRoute", (route) => void routes.push(route as (typeof routes)[number]));
    fastify.addHook("onReady", async () => {
      if (apps.has(fastify)) return;
      const priced = routes.filter(({ config }) => isUnread(config));
      const names = new Set(priced.map((route) => nameOf(route as RouteConfig)));
      const message =
        "the route states a price in `config.paywall`, and no paywall is registered that reads it; register one, or write `paid(tolls, price)`";
      if (names.size > 0) throw new ConfigError([...names].map((path) => ({ code: "price_missing", path, message })));
    });
  });
}

/** What `paid` makes holds without a paywall, and a route that is free needs none. */
function isUnread(config: { paywall?: unknown } | undefined): boolean {
  return statesPrice(config) && !(config?.paywall instanceof OwnPrice) && config?.paywall !== "free";
}
