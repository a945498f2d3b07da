import { subscribe } from "node:diagnostics_channel";
import { ConfigError, type ConfigProblem } from "@turnpike/core";
import { shared } from "@turnpike/core/adapter";
import type { FastifyInstance } from "fastify";
import { guardApp } from "./ask.js";
import { outpostOf } from "./outpost.js";
import { isOwnPrice, statesPrice } from "./own-price.js";
import { Prices } from "./prices.js";
import { listRoutes, nameOf, type RouteConfig, type Served } from "./served.js";
import { type Written, watch } from "./written.js";

/** What all paywalls of one app share. */
export interface App {
  readonly served: readonly Served[];
  readonly written: Written;
  /** Where they were registered. */
  readonly scopes: FastifyInstance[];
  /** Those that have started. */
  readonly paywalls: Prices[];
}

/** Shared between copies of this module, so that one does not miss the paywall of another. */
const apps = shared("turnpike.fastify.apps", () => new WeakMap<FastifyInstance, App>());

/** @param root the app itself */
export function joinApp(root: FastifyInstance): App {
  let app = apps.get(root);
  if (!app) {
    app = { served: listRoutes(root), written: watch(root), scopes: [], paywalls: [] };
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
  app.addHook("onRequest", outpostOf(app).hook);
  const written = watch(app, ({ config }) => {
    if (guarded || !isOwnPrice(config?.paywall)) return;
    guarded = true;
    guardApp(app, () => (apps.has(app) ? "none" : prices));
  });
  app.addHook("onReady", async () => {
    // Its paywall looks for itself.
    if (apps.has(app)) return;
    const routes = written.routes();
    const problems = [...written.lost(), ...problemsOf(routes, isUnread, UNREAD)];
    if (!guarded) problems.push(...problemsOf(routes, ({ paywall }) => isOwnPrice(paywall), LATE));
    if (problems.length > 0) throw new ConfigError(problems);
    if (guarded) prices = new Prices({ source: undefined, routes: undefined, owns: () => true }, routes, routes);
  });
}

const UNREAD =
  "the route has a price in `config.paywall`, but no registered paywall reads it; register one, or write `paid(tolls, price)`";

const LATE = "an `onRoute` hook sets this price, too late to protect other paths; register the plugin `paywall`";

function problemsOf(
  routes: readonly Served[],
  is: (config: RouteConfig) => boolean,
  message: string,
): readonly ConfigProblem[] {
  const names = routes.filter(({ config }) => is(config)).map(({ config }) => nameOf(config));
  return [...new Set(names)].map((path) => ({ code: "price_missing", path, message }));
}

/** What `paid` makes holds without a paywall, and a route that is free needs none. */
function isUnread(config: RouteConfig): boolean {
  return statesPrice(config) && !isOwnPrice(config.paywall) && config.paywall !== "free";
}
