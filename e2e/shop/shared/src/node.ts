import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ConfigError, type PaywallConfig } from "@turnpike/core";
import { createConfig, readSettings, SettingsError } from "./settings.js";

/** Makes the shop's app for Node's HTTP server. */
export type CreateListener = (config: PaywallConfig, origin: string) => RequestListener | Promise<RequestListener>;

/** Milliseconds after SIGTERM in which requests may finish. */
const grace = 8_000;

/** Serves a shop by the variables of this process, says `ready` on stdout, and stops on SIGTERM. */
export async function serveShop(create: CreateListener): Promise<void> {
  try {
    const settings = readSettings(process.env);
    const server = createServer();
    await listen(server, settings.port);
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    stopOnSignal(server);
    server.on("request", await create(createConfig(settings, origin), origin));
    process.stdout.write(`ready ${origin}\n`);
  } catch (error) {
    refuseStart(error);
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
 * From a signal on no new requests; those under way finish, also where the client has left and only a settlement is
 * still running, since nothing else keeps the process.
 */
function stopOnSignal(server: Server): void {
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
  const stop = () => {
    process.removeAllListeners("SIGTERM").removeAllListeners("SIGINT");
    server.close();
    for (const socket of idle) socket.destroy();
    setTimeout(() => process.exit(0), grace).unref();
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
}
