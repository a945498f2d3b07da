import { guardOutgoing, guardStream } from "../incoming/call-guard.js";
import { ConnectionGuard, type Wire } from "../incoming/connection-guard.js";
import type { Connection, Outgoing } from "../incoming/departure.js";
import { leavesAnotherWay } from "../incoming/detached.js";
import { takenOver } from "../incoming/taken-over.js";

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
 * Writing to the connection anyway ends it.
 */
export function guardNode(outgoing: Outgoing, connection: Connection | undefined): NodeGuard {
  let fault: Error | undefined;
  const { stream, socket } = outgoing as object as { stream?: Parameters<typeof guardStream>[0]; socket?: unknown };
  const refuse = {
    bypassed: () => {
      fault = takenOver();
      if (!stream) (connection as Wire).destroy();
      return undefined;
    },
    departed: () => {},
  };
  const carriers: { lift(): void }[] = [];
  const lift = () => {
    for (const carrier of carriers) carrier.lift();
  };
  const response = guardOutgoing(outgoing, () => {
    fault ??= takenOver();
    lift();
  });
  if (stream) carriers.push(guardStream(stream, refuse));
  // An earlier response may be on the connection of one that waits for its turn.
  else if (socket && socket === connection) carriers.push(new ConnectionGuard(connection as Wire, refuse));
  return {
    lift: () => {
      response.lift();
      lift();
    },
    failure: () => fault,
    overtaken: () => fault !== undefined,
  };
}

/** What keeps a handler from writing around its held response. */
export interface NodeGuard {
  lift(): void;
  /** What the handler did anyway, or middleware ahead of the gate. */
  failure(): Error | undefined;
  /** Another response has taken the place of the one that is held. */
  overtaken(): boolean;
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
  // A client that is gone already closes no more.
  let left: boolean | undefined = wire.destroyed ? false : undefined;
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
