import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Shop } from "./market.js";

/** Has a server listen on a free port. */
export async function listen(server: Server): Promise<Shop> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { origin: `http://127.0.0.1:${port}`, close };
}
