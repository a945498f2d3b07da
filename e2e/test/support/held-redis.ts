import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A Redis that can be made deaf or dumb: its clients' bytes wait, or its own do. */
export interface HeldRedis extends AsyncDisposable {
  readonly url: string;
  /** Replies wait from now on. */
  holdReplies(): void;
  /** Requests wait from now on; resolves once there is one. */
  holdRequests(): Promise<void>;
  /** Hands on what waits, also of clients that are gone, and waits for the reply. */
  deliver(): Promise<void>;
  /** Forgets what waits. */
  reset(): void;
}

export async function startHeldRedis(port = 6379): Promise<HeldRedis> {
  let repliesWait = false;
  let requestWaits: (() => void) | undefined;
  let waiting: { readonly upstream: Socket; readonly bytes: Buffer }[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  };
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    keep(client);
    keep(upstream);
    client.on("data", (bytes) => {
      if (!requestWaits) return void upstream.write(bytes);
      waiting.push({ upstream, bytes });
      requestWaits();
    });
    upstream.on("data", (bytes) => {
      if (!repliesWait) client.write(bytes);
    });
    client.on("close", () => {
      if (!waiting.some((one) => one.upstream === upstream)) upstream.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    holdReplies: () => {
      repliesWait = true;
    },
    holdRequests: () =>
      new Promise((resolve) => {
        requestWaits = resolve;
      }),
    deliver: async () => {
      for (const { upstream, bytes } of waiting) {
        const replied = new Promise((resolve) => upstream.once("data", resolve));
        upstream.write(bytes);
        await replied;
        upstream.end();
      }
    },
    reset: () => {
      repliesWait = false;
      requestWaits = undefined;
      waiting = [];
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
