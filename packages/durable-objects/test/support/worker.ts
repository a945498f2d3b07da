import type { Store, StoredAnswer } from "@turnpike/core";
import {
  type DurableObjectStoreOptions,
  durableObjectStore,
  type LedgerNamespace,
  PaymentLedger,
} from "../../src/index.js";
import { readMessage, writeMessage } from "../../src/lib/message.js";

export { PaymentLedger };

type State = ConstructorParameters<typeof PaymentLedger>[0];

/** A ledger whose tables can be looked into. */
export class OpenLedger extends PaymentLedger {
  readonly #state: State;

  constructor(state: State) {
    super(state);
    this.#state = state;
  }

  override async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).host !== "sql") return super.fetch(request);
    return Response.json(this.#state.storage.sql.exec(await request.text()).toArray());
  }
}

/** A ledger of a class that was declared without SQLite storage. */
export class OldLedger extends PaymentLedger {}

/** Does not answer while a test waits. */
export class SilentLedger {
  fetch(): Promise<Response> {
    return new Promise((resolve) => setTimeout(resolve, 60_000, new Response()));
  }
}

/** The bindings; the one named `KV` is no Durable Object. */
type Env = Readonly<Record<string, LedgerNamespace>>;

/** What the test says: one call of a method of a store. The body of an answer goes beside it, there and back. */
export interface BridgeCall {
  readonly binding: string;
  readonly options: DurableObjectStoreOptions;
  readonly method: Exclude<keyof Store, "name" | "atomic" | "scope">;
  readonly args: readonly unknown[];
}

/** Stores live as long as the Worker does, as a seller's does: its first request makes it, later ones use it. */
const stores = new Map<string, Store>();

async function call(env: Env, request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const { head, body } = readMessage(new Uint8Array(await request.arrayBuffer()));
  const { binding, options, method, args } = head as BridgeCall;
  const key = JSON.stringify([binding, options]);
  const store = stores.get(key) ?? durableObjectStore(env[binding] as LedgerNamespace, options);
  stores.set(key, store);
  if (method === "replace" && args[3]) (args[3] as { body: Uint8Array }).body = body;
  const pending = (store[method] as (...args: readonly unknown[]) => unknown)(...args);
  // Handlers use their buffers again.
  body.fill(0);
  const result = await pending;
  if (method !== "answer" || !result) return writeMessage(JSON.stringify(result ?? null));
  const { body: kept, ...rest } = result as StoredAnswer;
  return writeMessage(JSON.stringify(rest), kept);
}

/** Speaks to an object as code of the seller's may, not through a store. */
async function forward(env: Env, request: Request): Promise<Response> {
  const { binding, object, url, body } = (await request.json()) as Record<string, string>;
  const namespace = env[binding as string] as LedgerNamespace;
  const stub = namespace.get(namespace.idFromName(object as string));
  const init = { method: "POST", body: new TextEncoder().encode(body), signal: new AbortController().signal };
  const answer = await stub.fetch(url as string, init);
  return new Response(await answer.arrayBuffer(), { status: answer.status });
}

// biome-ignore lint/style/noDefaultExport: the form of a Worker
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    try {
      if (new URL(request.url).pathname === "/forward") return await forward(env, request);
      return new Response(await call(env, request));
    } catch (error) {
      return new Response(`${error}`, { status: 500 });
    }
  },
};
