import { guardOutgoing, guardStream } from "../incoming/call-guard.js";
import { ConnectionGuard, type Wire } from "../incoming/connection-guard.js";
import type { Connection, Outgoing } from "../incoming/departure.js";
import { leavesAnotherWay } from "../incoming/detached.js";

/** Workers, Deno and Bun upgrade from within a handler. */
const UPGRADING = ["WebSocketPair", "Deno", "Bun"];

const REFUSAL = "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/**
 * Whether a response leaves around what is held, and can settle before.
 * @param carries whether the server upgrades from within a handler. @default whether the runtime does
 */
export function detachedOf(request: Request, carries?: boolean): "settle" | "refuse" | undefined {
  if (!leavesAnotherWay(request.method, request.headers.get("upgrade") ?? undefined)) return undefined;
  return (carries ?? UPGRADING.some((name) => name in globalThis)) ? "settle" : "refuse";
}

/**
 * Keeps a handler from writing to Node's own response, connection or HTTP/2 stream, where its framework wants a Response.
 * @returns what ends that
 */
export function guardNode(outgoing: Outgoing, connection: Connection | undefined): () => void {
  const refuse = { bypassed: () => undefined, departed: () => {} };
  const guards: { lift(): void }[] = [guardOutgoing(outgoing)];
  const { stream, socket } = outgoing as object as { stream?: Parameters<typeof guardStream>[0]; socket?: unknown };
  if (stream) guards.push(guardStream(stream, refuse));
  // An earlier response may be on the connection of one that waits for its turn.
  else if (socket && socket === connection) guards.push(new ConnectionGuard(connection as Wire, refuse));
  return () => {
    for (const guard of guards) guard.lift();
  };
}

/** What becomes of an upgrade that a server makes once its handler has returned. */
export interface UpgradeWatch {
  /** The payment bought it: report once whether the new protocol began. */
  allow(report: (left: boolean) => void): void;
  /** It was not bought: nothing but a refusal may leave. */
  forbid(): void;
}

/** Watches the connection of an upgrade on Node, from before the handler. */
export function watchUpgrade(connection: Connection): UpgradeWatch {
  const wire = connection as Wire;
  let verdict: "open" | "allowed" | "forbidden" = "open";
  let begun = false;
  let left: boolean | undefined;
  let report: ((left: boolean) => void) | undefined;
  const tell = (is: boolean): void => {
    left ??= is;
    report?.(left);
  };
  new ConnectionGuard(wire, {
    bypassed: (status) => {
      if (status === 101 && verdict !== "forbidden") {
        begun = true;
        return Promise.resolve([]);
      }
      tell(false);
      if (status !== 101) return "now";
      wire.end(...([REFUSAL, () => wire.destroy()] as never[]));
      return new Promise(() => {});
    },
    departed: tell,
  });
  wire.once("close", () => tell(false));
  return {
    allow: (then) => {
      verdict = "allowed";
      report = then;
      if (left !== undefined) then(left);
    },
    forbid: () => {
      verdict = "forbidden";
      if (begun) wire.destroy();
    },
  };
}
