import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { expect, it, vi } from "vitest";
import { noteAdmitted, watchUpgrades } from "./upgrades.js";

it("lets an upgrade through that another copy of this module has admitted", async () => {
  vi.resetModules();
  const copy = await import("./upgrades.js");
  expect(copy.noteAdmitted).not.toBe(noteAdmitted);
  const server = createServer();
  server.on("upgrade", (request, socket) => {
    if (request.url === "/paid") copy.noteAdmitted(request);
    socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n");
  });
  watchUpgrades(server, () => ({ status: 402, headers: [] }));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const knock = async (path: string): Promise<string | undefined> => {
    const socket = connect(port, "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n`);
    const [head] = await once(socket, "data");
    socket.destroy();
    return /^HTTP\/1.1 (\d+)/.exec(String(head))?.[1];
  };
  expect([await knock("/paid"), await knock("/unpaid")]).toEqual(["101", "402"]);
  server.close();
});
