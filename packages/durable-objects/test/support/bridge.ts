import type { Store, StoredAnswer } from "@turnpike/core";
import type { DurableObjectStoreOptions } from "../../src/index.js";
import { readMessage, writeMessage } from "../../src/lib/message.js";
import type { BridgeCall } from "./worker.js";
import type { Workerd, WorkerName } from "./workerd.js";

/** A store whose every operation runs in a Worker, on the store there that has these options. */
export function bridgeStore(
  workerd: Workerd,
  options: DurableObjectStoreOptions,
  { worker = "one", binding = "LEDGER" }: { readonly worker?: WorkerName; readonly binding?: string } = {},
): Store {
  const call = async (method: BridgeCall["method"], args: readonly unknown[], body?: Uint8Array) => {
    const said: BridgeCall = { binding, options, method, args };
    const message = writeMessage(JSON.stringify(said), body);
    const response = await fetch(workerd.url(worker), { method: "POST", body: message });
    if (response.status !== 200) throw new Error(await response.text());
    return readMessage(new Uint8Array(await response.arrayBuffer()));
  };
  const tell = async <T>(method: BridgeCall["method"], ...args: readonly unknown[]) =>
    ((await call(method, args)).head ?? undefined) as T;

  return {
    name: "bridge",
    atomic: true,
    scope: "shared",
    read: (id) => tell("read", id),
    insert: (record, lease) => tell("insert", record, lease),
    replace: async (record, version, lease, answer) => {
      if (!answer) return tell<boolean>("replace", record, version, lease);
      const { body, ...head } = answer;
      return (await call("replace", [record, version, lease, head], body)).head as boolean;
    },
    renew: (id, holder, lease) => tell("renew", id, holder, lease),
    answer: async (id) => {
      const { head, body } = await call("answer", [id]);
      return head === null ? undefined : ({ ...(head as object), body } as StoredAnswer);
    },
    link: (key, id, expiresAt, instead) =>
      tell("link", key, id, expiresAt, ...(instead === undefined ? [] : [instead])),
    linked: (key) => tell("linked", key),
    list: (query) => tell("list", query),
  };
}

/** Runs SQL in an object of the binding `OPEN`. */
export async function runSql(workerd: Workerd, object: string, sql: string): Promise<Record<string, unknown>[]> {
  return JSON.parse((await forward(workerd, { binding: "OPEN", object, url: "https://sql/", body: sql })).text);
}

/** Sends a request to an object, not through a store. */
export async function forward(
  workerd: Workerd,
  request: { readonly binding: string; readonly object: string; readonly url: string; readonly body: string },
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${workerd.url("one")}/forward`, { method: "POST", body: JSON.stringify(request) });
  return { status: response.status, text: await response.text() };
}
