import type { ConfigProblem } from "@turnpike/core";
import type { FastifyInstance, RouteOptions } from "fastify";
import { isOwnPrice, markOf, type OwnPrice } from "./own-price.js";
import { nameOf, type Served } from "./served.js";

/** What the authors of an app write, seen as they write it: Fastify binds handlers, and keeps no options. */
export interface Written {
  /** The routes that were seen. Hooks of the app may give and take prices until it is ready. */
  routes(): readonly Served[];
  /** Routes and plugins whose options `paid` made, and whose price no route has. */
  lost(): readonly ConfigProblem[];
}

const LOST =
  "`paid` made these options, and its price is not in the `config` of a route; keep it there, `config: { ...priced.config, yours }` (`priced` is what `paid` gave), or price the paths of a plugin by a table";

const known = new WeakMap<FastifyInstance, Written>();

/**
 * @param root the app itself
 * @param see gets the options of each route
 */
export function watch(root: FastifyInstance, see?: (options: RouteOptions) => void): Written {
  const before = known.get(root);
  if (before) return before;
  const routes: { readonly options: RouteOptions; readonly server: object; readonly seen: RouteOptions }[] = [];
  const plugins: { readonly name: string; readonly price: OwnPrice }[] = [];
  root.addHook("onRoute", function (options) {
    routes.push({ options, server: this, seen: { ...options } });
    see?.(options);
  });
  const { register } = root;
  root.register = function (this: FastifyInstance, plugin: object, options?: object) {
    const price = markOf(options);
    if (price) plugins.push({ name: (plugin as { name?: string }).name ?? "", price });
    return Reflect.apply(register, this, [plugin, options]);
  } as typeof register;

  const written: Written = {
    routes: () =>
      routes.map(({ options, server, seen: { method, url, handler } }) => ({
        server,
        config: { ...options.config, method, url },
        handler,
      })),
    lost() {
      const list = written.routes();
      const own = new Set(list.map(({ config }) => config.paywall).filter(isOwnPrice));
      const bare = list.filter(({ config }, at) => {
        const price = markOf(routes[at]?.options);
        return price && config.paywall !== price;
      });
      const idle = plugins.filter(({ price }) => !own.has(price));
      const names = [...bare.map(({ config }) => nameOf(config)), ...idle.map(({ name }) => `register(${name})`)];
      return [...new Set(names)].map((path) => ({ code: "price_missing", path, message: LOST }));
    },
  };
  known.set(root, written);
  return written;
}
