import { ConfigError, type ConfigProblem } from "@turnpike/core";
import { shared } from "@turnpike/core/adapter";

/** `OPTIONS` is free. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/**
 * Handlers whose price is stated, be it as free, with the methods that it is stated for. Shared, since Next may load this
 * module more than once.
 */
const stated = shared("turnpike.next.handlers", () => new WeakMap<object, readonly string[]>());
const sold = shared("turnpike.next.sold", () => new WeakSet<object>());

/** Remembers what the seller has stated a price for: a guarded handler of any method, or one that is free for some. */
export function stateHandler<H extends object>(handler: H, methods: readonly string[] = METHODS): H {
  stated.set(handler, [...(stated.get(handler) ?? []), ...methods]);
  return handler;
}

/** Remembers a seller's own handler that is behind a price. */
export function sellHandler(handler: object): void {
  sold.add(handler);
}

/**
 * Checks the exports of a route file, in your tests: a handler without a price is free, and Next does not report it at
 * run time. `paywall.check(await import("./app/items/route"))`
 * @param exports the route file's module
 * @throws ConfigError `price_missing` for each handler without a price, and for a module without any; `gate_bypassed`
 * for a priced handler that is also `OPTIONS`; `static_route` for a priced file that is static
 */
export function checkExports(exports: object): void {
  const file = exports as Readonly<Record<string, unknown>>;
  const handlers = METHODS.filter((method) => typeof file[method] === "function");
  const problems = handlers
    .filter((method) => !stated.get(file[method] as object)?.includes(method))
    .map((method): ConfigProblem => {
      const message = `the handler is not wrapped, so it is free; write paid(tolls, "$0.01", handler), or list it in a table as "free"`;
      return { code: "price_missing", path: method, message };
    });
  const { OPTIONS: options } = file;
  if (typeof options === "function" && sold.has(options)) {
    const message =
      "OPTIONS is free, and runs a handler that has a price for another method; give it a handler of its own, or leave it out";
    problems.push({ code: "gate_bypassed", path: "OPTIONS", message });
  }
  if (handlers.length === 0 && typeof options !== "function") {
    const message =
      "the module exports no handler of a route file; pass the result of `await import(…)` for the route file";
    problems.push({ code: "price_missing", path: "exports", message });
  }
  if (file.dynamic === "force-static") {
    const message = 'a route with a price cannot be static; remove `dynamic = "force-static"`';
    problems.push({ code: "static_route", path: "dynamic", message });
  }
  if (problems.length > 0) throw new ConfigError(problems);
}
