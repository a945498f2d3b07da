import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { issueTicket } from "../../../test/ticket.js";
import type { Ticket } from "../seam.js";
import { holdResponse } from "./hold.js";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Serves a handler's held responses over HTTP as a Fetch server would. */
async function serve(run: (signal: AbortSignal) => Response, ticket: Ticket): Promise<string> {
  const server = createServer(async (_incoming: IncomingMessage, outgoing: ServerResponse) => {
    const client = new AbortController();
    outgoing.on("close", () => outgoing.writableFinished || client.abort());
    const response = await holdResponse(() => run(client.signal), ticket, { signal: client.signal });
    outgoing.writeHead(response.status, [...response.headers].flat());
    const reader = response.body?.getReader();
    outgoing.on("close", () => void reader?.cancel("closed"));
    for (;;) {
      const { done, value } = (await reader?.read().catch(() => undefined)) ?? { done: true, value: undefined };
      if (done || value === undefined) break;
      if (!outgoing.write(value)) await once(outgoing, "drain", { signal: client.signal }).catch(() => {});
    }
    outgoing.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const chunkSize = 64 << 10;

/** A body of `total` bytes that says how many it has made. */
function produce(total: number) {
  const state = { made: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (state.made >= total) return controller.close();
        state.made += chunkSize;
        controller.enqueue(new Uint8Array(chunkSize));
      },
      cancel: () => {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { state, body };
}

async function open(origin: string): Promise<IncomingMessage> {
  const request = httpRequest(origin);
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

it("lets a slow client slow the producer of a large body, and sends every byte of it", async () => {
  const total = 300 << 20;
  const { ticket, outcomes, delivered } = issueTicket({ hold: 1 << 20, idle: 50 });
  const { state, body } = produce(total);
  const response = await open(await serve(() => new Response(body), ticket));
  expect(response.headers["payment-response"]).toBe("receipt");
  expect(outcomes).toHaveLength(1);
  expect(outcomes[0]?.whole).toBe(false);

  let made = -1;
  const stalled = () => {
    const before = made;
    made = state.made;
    return before === made;
  };
  await vi.waitUntil(stalled, { interval: 200, timeout: 10_000 });
  expect(state.made).toBeLessThan(32 << 20);

  let received = 0;
  let ahead = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    received += chunk.length;
    ahead = Math.max(ahead, state.made - received);
  }
  expect(received).toBe(total);
  expect(ahead).toBeLessThan(32 << 20);
  await vi.waitUntil(() => delivered.length > 0);
  expect(delivered).toEqual([true]);
});

it("stops the producer of a client that hangs up, and calls the answer undelivered", async () => {
  const { ticket, delivered } = issueTicket({ hold: 1 << 20, idle: 50 });
  const { state, body } = produce(Number.POSITIVE_INFINITY);
  const response = await open(await serve(() => new Response(body), ticket));
  response.destroy();
  await vi.waitUntil(() => state.cancelled && delivered.length > 0);
  expect(delivered).toEqual([false]);
});

it("concludes as aborted when a client hangs up before there is an answer", async () => {
  const { ticket, outcomes, delivered } = issueTicket({ hold: 1 << 20, idle: 50 });
  const { state, body } = produce(0);
  let asked!: () => void;
  const arrived = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const silent = new ReadableStream<Uint8Array>({ cancel: () => body.cancel() });
  const origin = await serve(() => {
    asked();
    return new Response(silent);
  }, ticket);
  const request = httpRequest(origin);
  request.on("error", () => {});
  request.end();
  await arrived;
  request.destroy();
  await vi.waitUntil(() => outcomes.length > 0 && state.cancelled);
  expect(outcomes).toHaveLength(1);
  expect(outcomes[0]).toMatchObject({ aborted: true, whole: false });
  expect(delivered).toEqual([false]);
});
