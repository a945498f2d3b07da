import type { FastifyInstance } from "fastify";

/** What Fastify keeps of a context in symbols. If one of them is missing, the result is the careful one. */
function read<T>(context: object, description: string): T | undefined {
  for (let at: object | null = context; at; at = Object.getPrototypeOf(at)) {
    const key = Object.getOwnPropertySymbols(at).find((symbol) => symbol.description === description);
    if (key) return Reflect.get(at, key) as T;
  }
  return undefined;
}

/**
 * Whether some context of the app runs hooks of others ahead of a gate.
 * @param own what is ahead of them, and looks
 */
export function hooksAhead(context: object, own: object, gates: ReadonlySet<object>): boolean {
  const hooks = read<{ readonly onRequest?: readonly object[] }>(context, "fastify.hooks")?.onRequest;
  const children = read<readonly object[]>(context, "fastify.children");
  if (!Array.isArray(hooks) || !Array.isArray(children)) return true;
  const last = hooks.findLastIndex((hook) => gates.has(hook));
  if (last < 0 || hooks.slice(0, last).some((hook) => hook !== own && !gates.has(hook))) return true;
  return children.some((child) => hooksAhead(child, own, gates));
}

/** Whether the seller makes the server, by `serverFactory`: it may serve what it never hands to Fastify. */
export function madeServer(app: FastifyInstance): boolean {
  const options = read<{ readonly serverFactory?: unknown }>(app, "fastify.options");
  return options === undefined || typeof options.serverFactory === "function";
}
