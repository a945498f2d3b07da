import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { answer } from "../src/conversation.js";
import { SETTLED, SUPPORTED, VERIFIED } from "../src/payment.js";

/** A facilitator that believes everything at once, over HTTP, and counts. */
const answers: Readonly<Record<string, string>> = {
  "/supported": JSON.stringify(SUPPORTED),
  "/verify": JSON.stringify(VERIFIED),
  "/settle": JSON.stringify(SETTLED),
};

let calls: Record<string, number> = {};

const server = createServer((request, response) => {
  const path = request.url ?? "";
  calls[path] = (calls[path] ?? 0) + 1;
  const body = answers[path];
  const respond = () => {
    response.writeHead(body === undefined ? 404 : 200, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body ?? ""),
    });
    response.end(body);
  };
  request.on("end", respond).resume();
});
server.keepAliveTimeout = 60_000;

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  const countCalls = () => {
    const counted = calls;
    calls = {};
    return counted;
  };
  answer({ calls: countCalls }, { url: `http://127.0.0.1:${port}` });
});
