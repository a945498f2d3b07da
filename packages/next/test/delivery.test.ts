import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import type { PaymentPayload } from "@turnpike/core/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openTill } from "./till.js";

const till = openTill();
/** What makes a payment one that its buyer has named, and that gives its cookies again. */
const named = {
  tamper: (payload: PaymentPayload) => ({
    ...payload,
    extensions: { ...payload.extensions, "payment-identifier": { info: { required: false, id: randomUUID() } } },
  }),
};
const again = (path: string, header: string, init: RequestInit = {}) =>
  till.get(path, { ...init, headers: { ...init.headers, "payment-signature": header } });

describe("a paid answer, asked for again with the same payment", () => {
  it.each(["next", "json", "redirect", "both"])(
    "is the same, the cookies that Next has added included: %s",
    async (what) => {
      const path = `/real/does/${what}`;
      const runs = till.runs("does");
      const { response: first, header } = await till.buy(path, {}, named);
      const body = await first.text();
      expect(first.headers.getSetCookie()).toContainEqual(expect.stringContaining("session=premium"));
      const second = await vi.waitUntil(async () => {
        const answer = await again(path, header);
        return answer.status === first.status && answer;
      });
      expect([await second.text(), second.headers.getSetCookie()]).toEqual([body, first.headers.getSetCookie()]);
      expect(second.headers.get("location")).toBe(first.headers.get("location"));
      expect(till.runs("does")).toBe(runs + 1);
    },
  );
});

describe("an answer that its client breaks off halfway", () => {
  it.each(["whole", "streamed"])("is owed, and the same payment collects it: %s", async (what) => {
    const path = `/real/large/${what}`;
    const header = await till.pay(path);
    const { hostname, port, host } = new URL(till.origin);
    const charges = till.charges;
    const socket = connect(Number(port), hostname);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nPAYMENT-SIGNATURE: ${header}\r\n\r\n`);
    await once(socket, "data");
    socket.destroy();
    const answer = await vi.waitUntil(async () => {
      const answer = await again(path, header);
      return answer.status === 200 && answer;
    });
    expect((await answer.arrayBuffer()).byteLength).toBe(30 << 20);
    expect([till.runs(`large ${what}`), till.charges - charges]).toEqual([2, 1]);
    await vi.waitUntil(async () => (await again(path, header)).status === 409);
    expect(till.runs(`large ${what}`)).toBe(2);
  });
});

describe("a request with a body", () => {
  const post = (body: string): RequestInit => ({ method: "POST", body, headers: { "content-type": "text/plain" } });

  it.each(["/real/does/echo", "/real/does/raw", "/real/edge"])("reaches the handler whole: %s", async (path) => {
    for (const body of ["short", `${"x".repeat(70_000)}.`, "y".repeat(3 << 20)]) {
      const { response } = await till.buy(path, post(body));
      expect([response.status, (await response.text()) === body]).toEqual([200, true]);
    }
  });

  it("leaves its connection to the next one, read or not, paid or not", async () => {
    const { header: spent } = await till.buy("/real/does/ignore", post("one"));
    const { hostname, port, host } = new URL(till.origin);
    for (const [header, status] of [
      [await till.pay("/real/does/ignore"), 200],
      [spent, 409],
      ["", 402],
    ] as const) {
      const socket = connect(Number(port), hostname);
      const head = `Host: ${host}\r\nContent-Type: text/plain\r\nContent-Length: ${1 << 20}\r\n`;
      const payment = header && `PAYMENT-SIGNATURE: ${header}\r\n`;
      socket.write(`POST /real/does/ignore HTTP/1.1\r\n${head}${payment}\r\n${"x".repeat(1 << 20)}`);
      socket.write(`GET /real/free HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk);
      const statuses = Buffer.concat(chunks)
        .toString()
        .match(/(?<=HTTP\/1.1 )\d+/g);
      expect(statuses).toEqual([`${status}`, "200"]);
    }
  });

  it.each(["/real/does/echo", "/real/edge"])("is paid for with that body, and with no other: %s", async (path) => {
    const charges = till.charges;
    const { response, header } = await till.buy(path, post("one"));
    expect(await response.text()).toBe("one");
    expect((await again(path, header, post("two"))).status).toBe(409);
    await vi.waitUntil(async () => (await (await again(path, header, post("one"))).text()) === "one");
    expect(till.charges - charges).toBe(1);
  });
});

describe("a platform that stops with the answer", () => {
  const CONTEXT = Symbol.for("@next/request-context");
  const platform = globalThis as { [CONTEXT]?: unknown };
  afterEach(() => delete platform[CONTEXT]);

  it("is kept until all is written down", async () => {
    const waited: Promise<unknown>[] = [];
    platform[CONTEXT] = { get: () => ({ waitUntil: (promise: Promise<unknown>) => void waited.push(promise) }) };
    const { response, header } = await till.buy("/real/does/json");
    expect(await response.json()).toEqual({ premium: true });
    expect(waited.length).toBeGreaterThan(1);
    await Promise.all(waited);
    expect(await (await again("/real/does/json", header)).json()).toEqual({ premium: true });
  });
});
