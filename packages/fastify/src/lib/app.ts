import { subscribe } from "node:diagnostics_channel";
import { ConfigError } from "@turnpike/core";
import type { FastifyInstance, RouteOptions } from "fastify";
import { guardApp } from "./ask.js";
import { hasLostPrice, isOwnPrice, statesPrice } from "./own-price.js";
import { Prices } from "./prices.js";
import { listRoutes, nameOf, type RouteConfig, type Served } from "./served.js";

/** What all paywalls of one app share. */
export interface App {
  readonly served: readonly Served[];
  /** Those that were seen as their authors wrote them. */
  readonly written: readonly Served[];
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
    app = { served: listRoutes(root), written: watchRoutes(root), scopes: [], paywalls: [] };
    apps.set(root, app);
    root.decorateRequest("payment");
  }
  return app;
}

/** Looks at every app that is made from here on. Fastify tells of new apps by this channel. */
export function watchApps(): void {
  subscribe("fastify.initialization", (message) => watchApp((message as { fastify: FastifyInstance }).fastify));
}

/**
 * An app whose routes state prices that no paywall reads would give them away, so it does not start. One whose prices all
 * come from `paid` has a gate at each of them; here it gets one for whatever else their paths may be served by.
 */
function watchApp(app: FastifyInstance): void {
  let prices: Prices | undefined;
  let guarded = false;
  const routes = watchRoutes(app, ({ config }) => {
    if (guarded || !isOwnPrice(config.paywall)) return;
    guarded = true;
    guardApp(app, () => (apps.has(app) ? "none" : prices));
  });
  app.addHook("onReady", async () => {
    if (apps.has(app)) return;
    const names = new Set(routes.filter(({ config }) => isUnread(config)).map(({ config }) => nameOf(config)));
    if (names.size > 0)
      throw new ConfigError([...names].map((path) => ({ code: "price_missing", path, message: UNREAD })));
    if (guarded) prices = new Prices({ source: undefined, routes: undefined, owns: () => true }, routes, routes);
  });
}

const watched = new WeakMap<FastifyInstance, readonly Served[]>();

/** Lists the routes that come from here on, as their authors wrote them, and stops the start where one has lost its price. */
function watchRoutes(app: FastifyInstance, see?: (route: Served) => void): readonly Served[] {
  const known = watched.get(app);
  if (known) return known;
  const routes: Served[] = [];
  const written: RouteOptions[] = [];
  watched.set(app, routes);
  app.addHook("onRoute", function (options) {
    const { config, method, url, handler } = options;
    const route = { server: this, config: { ...config, method, url }, handler };
    routes.push(route);
    written.push(options);
    see?.(route);
  });
  app.addHook("onReady", async () => {
    const names = new Set(
      routes.filter((_, at) => hasLostPrice(written[at] ?? {})).map(({ config }) => nameOf(config)),
    );
    if (names.size > 0)
      throw new ConfigError([...names].map((path) => ({ code: "price_missing", path, message: LOST })));
  });
  return routes;
}

const UNREAD =
  "the route states a price in `config.paywall`, and no paywall is registered that reads it; register one, or write `paid(tolls, price)`";

const LOST =
  "another `config` stands behind `...paid(tolls, price)`, and the price is gone with the first; put it into that one: `config: { ...priced.config, yours }`, where `priced` is what `paid` gave";

/** What `paid` makes holds without a paywall, and a route that is free needs none. */
function isUnread(config: RouteConfig): boolean {
  return statesPrice(config) && !isOwnPrice(config.paywall) && config.paywall !== "free";
}
