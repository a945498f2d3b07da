import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ConfigError, type Paywall, type PaywallConfig } from "@turnpike/core";
import { createConfig, readSettings, SettingsError } from "./settings.js";
import { type OpenStore, openStore } from "./stores.js";
import { wait } from "./streams.js";

/** A shop for Node's HTTP server, and its engine. */
export interface NodeShop {
  readonly listener: RequestListener;
  readonly tolls: Pick<Paywall, "close">;
}

export type CreateShop = (config: PaywallConfig, origin: string) => NodeShop | Promise<NodeShop>;

/** Milliseconds after SIGTERM in which requests may finish, and by when their payments have to be at an end. */
const grace = { requests: 7_000, payments: 8_500 };

/** Serves a shop by the variables of this process, says `ready` on stdout, and stops on SIGTERM. Gives its origin. */
export async function serveShop(create: CreateShop): Promise<string> {
  try {
    const settings = readSettings(process.env);
    const server = createServer();
    await listen(server, settings.port);
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const opened = await openStore(settings.store);
    const { listener, tolls } = await create(createConfig(settings, origin, opened.store), origin);
    stopOnSignal(server, tolls, opened);
    server.on("request", listener);
    process.stdout.write(`ready ${origin}\n`);
    return origin;
  } catch (error) {
    return refuseStart(error);
  }
}

/** Ends this process with one line that says why the shop cannot start; for a fault of ours, with its stack. */
export function refuseStart(error: unknown): never {
  const expected = error instanceof SettingsError || error instanceof ConfigError || isSystemError(error);
  const message = expected ? error.message.replace(/\s*\n\s*/g, " ").trim() : String((error as Error)?.stack ?? error);
  process.stderr.write(`The shop cannot start: ${message}\n`);
  process.exit(1);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/**
 * From a signal on no new requests; those under way finish. So do the payments that are being settled, also where the
 * client has left, and then the process ends. What takes too long a restart finds in the store.
 */
function stopOnSignal(server: Server, tolls: NodeShop["tolls"], opened: OpenStore): void {
  const endIdle = watchConnections(server);
  const stop = async () => {
    process.removeAllListeners("SIGTERM").removeAllListeners("SIGINT");
    const end = performance.now() + grace.payments;
    const closed = new Promise<unknown>((resolve) => server.close(resolve));
    endIdle();
    await Promise.race([closed, wait(grace.requests)]);
    await tolls.close({ seconds: (end - performance.now()) / 1000 });
    await Promise.race([opened.close(), wait(500)]);
    process.exit(0);
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
}

/** Gives a function that ends the connections without a request; once the server has closed, others end with theirs. */
function watchConnections(server: Server): () => void {
  const idle = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    idle.add(socket);
    socket.once("close", () => idle.delete(socket));
  });
  server.on("request", ({ socket }, response) => {
    idle.delete(socket);
    response.once("close", () => {
      if (!server.listening) socket.destroySoon();
      else if (!socket.destroyed) idle.add(socket);
    });
  });
  return () => {
    for (const socket of idle) socket.destroy();
  };
}
