import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import { ok } from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import { paid, type Shop } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const chunk = Buffer.alloc(64 * 1024, "a");

/** Clients that leave, streams that break, and what becomes of their payments (D08 to D12; S04). */
export function testDepartures({ check, harness }: Casebook): void {
  /** Asks with a payment, reads the first bytes of the response, and leaves. */
  async function leaveMidway(shop: Shop, header: string): Promise<void> {
    const leaving = new AbortController();
    const response = await shop.pay(header, "/paid", { signal: leaving.signal });
    expect(response.status).toBe(200);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value?.byteLength).toBeGreaterThan(0);
    leaving.abort();
    await reader?.closed.catch(() => undefined);
  }

  check("D11b tells the handler when its client has left, and lets the payment be used again", async (open) => {
    let told = false;
    let finished = false;
    const handle: NonNullable<RoutePlan["handle"]> = async ({ payment }) => {
      if (finished) return { body: "the goods" };
      await new Promise<void>((resolve) => payment?.signal.addEventListener("abort", () => resolve()));
      told = true;
      return { body: "too late" };
    };
    const shop = await open({ routes: [{ ...paid, handle }] });
    const header = await shop.header();
    const leaving = new AbortController();
    const answer = shop.pay(header, "/paid", { signal: leaving.signal }).catch(() => "left");
    await expect.poll(() => shop.runs()).toBe(1);
    leaving.abort();
    expect(await answer).toBe("left");
    await expect.poll(() => told).toBe(true);
    expect(await shop.becomes("released")).toMatchObject({ reason: "client_left" });
    finished = true;
    expect(await (await shop.pay(header)).text()).toBe("the goods");
    shop.counted({ h: 2, v: 2, s: 1, c: 1 });
  });

  check("D11c lives on when a client leaves while its payment is being looked at, and takes it again", async (open) => {
    for (const settle of ["after", "before", "background"] as const) {
      const shop = await open({ routes: [{ ...paid, price: { price: "$0.01", settle } }] });
      const header = await shop.header();
      const { port } = new URL(shop.origin);
      const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
      const gone = new Promise<void>((resolve) => void socket.once("close", () => resolve()));
      shop.facilitator.respond(settle === "before" ? "settle" : "verify", async (call) => {
        socket.resetAndDestroy();
        await gone;
        // The server hears of it, and whatever it then does is done.
        await new Promise((resolve) => setTimeout(resolve, 50));
        await ok()(call);
      });
      socket.write(`GET /paid HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nPAYMENT-SIGNATURE: ${header}\r\n\r\n`);
      await gone;
      await expect.poll(async () => (await shop.pay(header)).status, { interval: 100 }).toBe(200);
      await shop.becomes("delivered");
      expect(shop.facilitator.charges, settle).toHaveLength(1);
      await shop.close();
    }
  });

  check("D06b tells a handler that its time is up", async (open) => {
    let told = false;
    const handle: NonNullable<RoutePlan["handle"]> = async ({ payment }) => {
      await new Promise<void>((resolve) => payment?.signal.addEventListener("abort", () => resolve()));
      told = true;
      return { body: "too late" };
    };
    const shop = await open({ routes: [{ ...paid, handle }], config: { handlerTimeout: 150 } });
    expect((await shop.buy()).response.status).toBe(504);
    await expect.poll(() => told).toBe(true);
    expect(await shop.becomes("released")).toMatchObject({ reason: "handler_timeout" });
  });

  check(
    "D12 owes a stream that its client broke off, and delivers it to the same payment without a charge",
    async (open) => {
      let whole = false;
      async function* endless(): AsyncGenerator<Uint8Array> {
        if (whole) yield Buffer.from("all of it");
        while (!whole) {
          yield chunk;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
      const handle = () => ({ body: Readable.from(endless()) });
      const shop = await open({ routes: [{ ...paid, handle, price: { price: "$0.01", holdBytes: 1024 } }] });
      const header = await shop.header();
      await leaveMidway(shop, header);
      const owed = await shop.becomes("owed");
      expect(owed).toMatchObject({ reason: "delivery_failed", runs: 1 });
      whole = true;
      const collected = await shop.pay(header);
      expect(await collected.text()).toBe("all of it");
      expect(readReceipt(collected)).toEqual(owed.receipt);
      await shop.becomes("delivered");
      shop.counted({ h: 2, v: 1, s: 1, c: 1 });
    },
  );

  check("D12b owes a stream that had left whole, and whose client was gone before it had read it", async (open) => {
    const handle = () => ({ body: Readable.from([chunk, chunk, chunk]) });
    const shop = await open({ routes: [{ ...paid, handle, price: { price: "$0.01", holdBytes: 1024 } }] });
    const header = await shop.header();
    const { port } = new URL(shop.origin);
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => {}).pause();
    socket.write(`GET /paid HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nPAYMENT-SIGNATURE: ${header}\r\n\r\n`);
    await shop.becomes("delivered");
    socket.resetAndDestroy();
    expect(await shop.becomes("owed")).toMatchObject({ reason: "delivery_failed", runs: 1 });
    expect((await (await shop.pay(header)).arrayBuffer()).byteLength).toBe(3 * chunk.byteLength);
    await shop.becomes("delivered");
    shop.counted({ h: 2, v: 1, s: 1, c: 1 });
  });

  check("D09 owes a stream that its handler broke off, where it was settled first", async (open) => {
    let breaks = true;
    const price = { price: "$0.01", settle: "before" } as const;
    const shop = await open({ routes: [{ ...breaking(() => breaks), price }] });
    const header = await shop.header();
    await read(shop.pay(header));
    await shop.becomes("owed");
    breaks = false;
    expect(await (await shop.pay(header)).text()).toBe("one two");
    await shop.becomes("delivered");
    shop.counted({ h: 2, v: 0, s: 1, c: 1 });
  });

  if (harness.answers === "node") {
    check("D09c delivers a response whose handler fails, or cuts it off, once it has ended it", async (open) => {
      for (const settle of ["after", "before", "background"] as const) {
        for (const [name, cut] of Object.entries(lateCuts)) {
          let isCut = () => {};
          const late = new Promise<void>((resolve) => (isCut = resolve));
          const node: NonNullable<RoutePlan["node"]> = async (request, response) => {
            response.end("the goods");
            await Promise.resolve();
            // Whatever catches an error of the handler's has had its turn.
            setImmediate(isCut);
            cut(request, response);
          };
          const shop = await open({ routes: [{ ...paid, node, price: { price: "$0.01", settle } }] });
          const header = await shop.header();
          shop.facilitator.respond("settle", async (call) => {
            if (settle !== "before") await late;
            await ok()(call);
          });
          const response = await shop.pay(header);
          expect([response.status, await response.text()], `${settle}: ${name}`).toEqual([200, "the goods"]);
          await shop.becomes("delivered");
          expect([shop.runs(), shop.facilitator.charges.length], `${settle}: ${name}`).toEqual([1, 1]);
        }
      }
    });
  }

  check("D10 charges nothing for an answer that its handler broke off before the settlement", async (open) => {
    let breaks = true;
    const shop = await open({ routes: [breaking(() => breaks)] });
    const header = await shop.header();
    await read(shop.pay(header));
    await shop.becomes("released");
    shop.counted({ h: 1, v: 1, s: 0, c: 0 });
    breaks = false;
    expect(await (await shop.pay(header)).text()).toBe("one two");
    shop.counted({ h: 2, v: 2, s: 1, c: 1 });
  });

  check("D07c stops giving what is owed after three runs, and shows the receipt", async (open) => {
    const handle = (): never => {
      throw new Error("it never works");
    };
    const shop = await open({ routes: [{ ...paid, handle, price: { price: "$0.01", settle: "before" } }] });
    const header = await shop.header();
    for (let run = 0; run < 3; run++) expect((await shop.pay(header)).status).toBe(500);
    const refused = await shop.pay(header);
    expect(refused.status).toBe(409);
    expect(readReceipt(refused)).toMatchObject({ success: true });
    shop.counted({ h: 3, v: 0, s: 1, c: 1 });
  });

  check("D07d counts no run that cost nothing against the three of what is owed", async (open) => {
    let state: "fails" | "breaks" | "works" = "fails";
    const inner = breaking(() => state === "breaks");
    const shop = await open({
      routes: [
        {
          ...inner,
          price: { price: "$0.01", holdBytes: 2 },
          node: (request, response) => {
            if (state === "fails") response.writeHead(500).end();
            else inner.node?.(request, response);
          },
          fetch: async (request) =>
            state === "fails" ? new Response(null, { status: 500 }) : ((await inner.fetch?.(request)) as Response),
        },
      ],
    });
    const header = await shop.header();
    for (let i = 0; i < 3; i++) {
      expect((await shop.pay(header)).status).toBe(500);
      await shop.becomes("released");
    }
    state = "breaks";
    await read(shop.pay(header));
    const { state: end } = await shop.becomes("owed").catch(() => ({ state: "released" }));
    expect(end).toBe("owed");
    state = "works";
    expect(await (await shop.pay(header)).text()).toBe("one two");
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("S04 grants one of a hundred copies of a payment that come at once", async (open) => {
    const handle = async (): Promise<{ body: string }> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { body: "the goods" };
    };
    const shop = await open({ routes: [{ ...paid, handle }] });
    const header = await shop.header();
    const answers = await Promise.all(Array.from({ length: 100 }, () => shop.pay(header)));
    for (const { status } of answers) expect([200, 409]).toContain(status);
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
  });
}

/** How a response is cut off by its own handler, or by what reports the handler's error. */
const lateCuts: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  throws: () => {
    throw new Error("too late");
  },
  "destroys the connection": (request) => void request.socket.destroy(),
  "destroys the request": (request) => void request.destroy(),
  "destroys the response": (_, response) => void response.destroy(),
};

/** A handler that writes a part of its response and then fails. */
function breaking(breaks: () => boolean): RoutePlan {
  return {
    ...paid,
    node: (_request, response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      response.write("one ");
      if (breaks()) response.destroy(new Error("the source broke"));
      else response.end("two");
    },
    fetch: async () => {
      const parts = ["one ", "two"].map((part) => Buffer.from(part));
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          const part = parts.shift();
          if (breaks() && parts.length === 0) controller.error(new Error("the source broke"));
          else if (part) controller.enqueue(part);
          else controller.close();
        },
      });
      return new Response(body, { headers: { "content-type": "text/plain" } });
    },
  };
}

/** Reads a response to its end, whatever that is. */
async function read(answer: Promise<Response>): Promise<void> {
  await answer.then((response) => response.arrayBuffer()).catch(() => undefined);
}
