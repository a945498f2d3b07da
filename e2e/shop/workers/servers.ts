import { waitUntil } from "cloudflare:workers";
import { AsyncLocalStorage } from "node:async_hooks";
import type { Store } from "@turnpike/core";
import type { StoreSetting } from "@turnpike/shop-shared/store-setting";
import { type OpenStore, openStore } from "@turnpike/shop-shared/stores";

/** A store on a server, for a runtime where a socket belongs to the request that opened it and ends with it. */
export interface ServerStore {
  readonly store: Store;
  /** Serves one request, with a connection of its own from the first operation on. */
  serve<T>(act: () => T): T;
}

interface Scope {
  opened?: Promise<OpenStore>;
}

export function createServerStore(setting: StoreSetting): ServerStore {
  const requests = new AsyncLocalStorage<Scope>();

  const run = async <T>(operate: (store: Store) => T): Promise<Awaited<T>> => {
    // The end of a stream comes from the runtime, outside of what serves the request, and gets another connection.
    const scope = requests.getStore() ?? {};
    scope.opened ??= openStore(setting);
    const { store } = await scope.opened;
    if (!store) throw new Error("This store is on no server");
    return await operate(store);
  };

  // The last ones of a request come once its answer is complete, and must not end with it.
  const ask = <T>(operate: (store: Store) => T): Promise<Awaited<T>> => {
    const answer = run(operate);
    waitUntil(answer.catch(() => {}));
    return answer;
  };

  return {
    serve: (act) => requests.run({}, act),
    store: {
      name: setting.kind,
      atomic: true,
      scope: "shared",
      read: (id) => ask((store) => store.read(id)),
      insert: (record, lease) => ask((store) => store.insert(record, lease)),
      replace: (record, version, lease, answer) => {
        // The handler may use its buffer again while the connection is being made.
        const kept = answer && { ...answer, body: answer.body.slice() };
        return ask((store) => store.replace(record, version, lease, kept));
      },
      renew: (id, holder, lease) => ask((store) => store.renew(id, holder, lease)),
      answer: (id) => ask((store) => store.answer(id)),
      link: (key, id, expiresAt, instead) => ask((store) => store.link(key, id, expiresAt, instead)),
      linked: (key) => ask((store) => store.linked(key)),
      list: (query) => ask((store) => store.list(query)),
    },
  };
}
