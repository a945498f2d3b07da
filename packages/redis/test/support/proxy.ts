import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Stands between a client and its Redis, and breaks connections. */
export interface Proxy {
  readonly url: string;
  /** Breaks the connection on which this text passes next towards the server, before it gets there. */
  cutBefore(text: string): void;
  /** Breaks the connection on which this text passes next towards the server, once the server has answered. */
  cutAfter(text: string): void;
  /** Breaks every connection, and takes none until `restore`. */
  interrupt(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function startProxy(port: number): Promise<Proxy> {
  const open = new Set<Socket>();
  let before: string | undefined;
  let after: string | undefined;

  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    let doomed = false;
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", cut);
      socket.on("close", () => {
        open.delete(socket);
        cut();
      });
    }
    client.on("data", (bytes) => {
      if (before !== undefined && bytes.includes(before)) {
        before = undefined;
        cut();
        return;
      }
      if (after !== undefined && bytes.includes(after)) {
        after = undefined;
        doomed = true;
      }
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (doomed) cut();
      else client.write(bytes);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("There is no port.");

  const stop = async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };

  return {
    url: `redis://127.0.0.1:${address.port}`,
    cutBefore: (text) => {
      before = text;
    },
    cutAfter: (text) => {
      after = text;
    },
    interrupt: stop,
    restore: async () => {
      server.listen(address.port, "127.0.0.1");
      await once(server, "listening");
    },
    close: stop,
  };
}
