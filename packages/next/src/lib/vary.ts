/**
 * Keeps `Vary` on the pages behind a proxy. Next writes its own over it just before it renders a page of the App Router, and
 * has no setting for that. In a Node process the response that Next writes to is within reach by Node's own diagnostics:
 * what is set on it then is joined with what the paywall asked for. Elsewhere (the edge, HTTP/2) `Cache-Control: private`
 * alone keeps shared caches away.
 */

type Value = number | string | readonly string[];

interface Response {
  setHeader(name: string, value: Value): unknown;
}

interface Storage {
  enterWith(response: Response): void;
  getStore(): Response | undefined;
}

interface Channels {
  subscribe(name: string, hear: (message: unknown) => void): void;
}

interface Builtins {
  getBuiltinModule?(name: string): unknown;
}

const KEY = Symbol.for("turnpike.next.responses");
const shared = globalThis as { [KEY]?: Storage | undefined; process?: Builtins };

/** Begins to watch, in a Node process. Once is enough for all copies of this module. */
export function watchResponses(): void {
  if (shared[KEY]) return;
  const hooks = builtin<{ AsyncLocalStorage: new () => Storage }>("node:async_hooks");
  const channels = builtin<Channels>("node:diagnostics_channel");
  if (!hooks || !channels) return;
  const storage = new hooks.AsyncLocalStorage();
  shared[KEY] = storage;
  channels.subscribe("http.server.request.start", (message) =>
    storage.enterWith((message as { response: Response }).response),
  );
}

/** Asked for and not imported, since the edge has none. Next's own edge throws as soon as the process is asked. */
function builtin<T>(name: string): T | undefined {
  try {
    return shared.process?.getBuiltinModule?.(name) as T | undefined;
  } catch {
    return undefined;
  }
}

/** Adds these fields to every `Vary` that is set on the response of the request under way. */
export function keepVary(fields: readonly string[]): void {
  const response = shared[KEY]?.getStore();
  if (!response || fields.length === 0) return;
  const { setHeader } = response;
  response.setHeader = function (name, value) {
    return setHeader.call(this, name, name.toLowerCase() === "vary" ? join(value, fields) : value);
  };
}

function join(value: Value, fields: readonly string[]): string {
  const names = [value, fields].flat().flatMap((list) => String(list).split(","));
  const kept = new Map(names.map((name) => [name.trim().toLowerCase(), name.trim()]));
  return [...kept.values()].join(", ");
}
