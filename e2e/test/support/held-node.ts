import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A moment at which the node in between stops: ahead of a call, or with its response in hand. */
export interface Moment {
  readonly method: string;
  readonly when: "before" | "after";
  /** Only with a first parameter like this. */
  readonly about?: (parameter: unknown) => boolean;
  /** Only with a response like this. */
  readonly result?: (result: unknown) => boolean;
}

export interface Hold {
  /** The moment has come. */
  readonly reached: Promise<void>;
  /** Goes on. */
  release(): void;
  /** Ends the call: what was not handed on never is. */
  drop(): void;
}

/** A chain's node that can be stopped at a call, or be silent. */
export interface HeldNode extends AsyncDisposable {
  readonly url: string;
  /** Stops at each call of this moment from now on, until it is released or dropped. */
  hold(moment: Moment): Hold;
  /** Takes every call and answers none. */
  silent: boolean;
  /** Methods in the order in which they came. */
  readonly seen: string[];
}

interface Call {
  readonly method: string;
  readonly params?: readonly unknown[];
}

interface Held extends Moment {
  reach(): void;
  readonly end: Promise<"go on" | "drop">;
}

export async function startHeldNode(target: string): Promise<HeldNode> {
  const holds = new Set<Held>();
  const seen: string[] = [];
  const pass = async ({ method, params }: Call, when: Moment["when"], result?: unknown): Promise<boolean> => {
    for (const held of holds) {
      if (held.method !== method || held.when !== when) continue;
      if (held.about?.(params?.[0]) === false || held.result?.(result) === false) continue;
      held.reach();
      if ((await held.end) === "drop") return false;
    }
    return true;
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const call = JSON.parse(body) as Call;
    seen.push(call.method);
    if (node.silent) return;
    if (!(await pass(call, "before"))) return void response.destroy();
    const headers = { "content-type": "application/json" };
    const text = await (await fetch(target, { method: "POST", headers, body })).text();
    const { result } = JSON.parse(text) as { readonly result?: unknown };
    if (!(await pass(call, "after", result))) return void response.destroy();
    response.writeHead(200, headers).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const node: HeldNode = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    silent: false,
    seen,
    hold: (moment) => {
      let reach = () => {};
      let finish: (how: "go on" | "drop") => void = () => {};
      const reached = new Promise<void>((resolve) => {
        reach = resolve;
      });
      const end = new Promise<"go on" | "drop">((resolve) => {
        finish = resolve;
      });
      const held: Held = { ...moment, reach, end };
      holds.add(held);
      const conclude = (how: "go on" | "drop") => {
        holds.delete(held);
        finish(how);
      };
      return { reached, release: () => conclude("go on"), drop: () => conclude("drop") };
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return node;
}
