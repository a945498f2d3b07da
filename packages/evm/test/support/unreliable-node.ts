import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What to do with one JSON-RPC request: hand it on, or one of the ways in which a node fails. */
export type Treatment =
  | "forward"
  /** Breaks the connection without handing the request on. */
  | "swallow"
  /** Hands the request on and breaks the connection before the answer. */
  | "forward and hang up"
  /** Never answers. */
  | "stall"
  /** Answers this instead: a JSON-RPC `error`, a `result`, or neither. */
  | {
      readonly answer: {
        readonly error?: { readonly code: number; readonly message: string };
        readonly result?: unknown;
      };
    }
  | { readonly status: number };

export interface UnreliableNode extends AsyncDisposable {
  readonly rpcUrl: string;
  /** Methods in the order in which they came. */
  readonly seen: string[];
  /** First parameters of the requests for a method. */
  paramsOf(method: string): unknown[];
  /** The node that it hands on to. */
  target: string;
  treat(method: string, params: readonly unknown[]): Treatment | Promise<Treatment>;
}

/** Stands between a facilitator and the chain's node, and fails as told. */
export async function startUnreliableNode(target: string): Promise<UnreliableNode> {
  const requests: { readonly method: string; readonly id: number; readonly params: readonly unknown[] }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const parsed = JSON.parse(body) as (typeof requests)[number];
    const { method, id, params } = parsed;
    requests.push(parsed);
    await answer(await node.treat(method, params), body, id, response);
  });
  const answer = async (treatment: Treatment, body: string, id: number, response: ServerResponse) => {
    if (treatment === "stall") return;
    if (treatment === "swallow") return response.destroy();
    if (typeof treatment === "object" && "status" in treatment) return response.writeHead(treatment.status).end();
    const headers = { "content-type": "application/json" };
    if (typeof treatment === "object") {
      return response.writeHead(200, headers).end(JSON.stringify({ jsonrpc: "2.0", id, ...treatment.answer }));
    }
    const forwarded = await fetch(node.target, { method: "POST", headers, body });
    const text = await forwarded.text();
    if (treatment === "forward and hang up") return response.destroy();
    return response.writeHead(200, headers).end(text);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const node: UnreliableNode = {
    rpcUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/secret-key`,
    get seen() {
      return requests.map(({ method }) => method);
    },
    paramsOf: (method) => requests.filter((request) => request.method === method).map(({ params }) => params[0]),
    target,
    treat: () => "forward",
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return node;
}

/** An address at which nothing listens any more. */
export async function findDeadEnd(): Promise<string> {
  await using node = await startUnreliableNode("");
  return node.rpcUrl;
}
