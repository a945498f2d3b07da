import { expect } from "vitest";
import type { Casebook, Open } from "../casebook.js";
import { problemOf } from "../expectations.js";
import type { RoutePlan } from "../stage.js";

const upload: RoutePlan = { method: "POST", path: ["upload"], price: "$0.01", handle: () => ({ body: "sold" }) };
const reading: RoutePlan = {
  ...upload,
  handle: async (request) => ({ body: `${(await request.text()).length > 0}` }),
};

/** What two parties would call the same request is the same, what they would call another is another (G59). */
export function testSameRequest({ check }: Casebook): void {
  /** Buys with one body, then comes with others under the same payment: which of them are the same request? */
  async function compare(open: Open, route: RoutePlan, one: () => BodyInit, others: (() => BodyInit)[]) {
    const shop = await open({ routes: [route] });
    const init = (body: BodyInit): RequestInit => ({ method: "POST", body });
    const header = await shop.header("/upload", {}, init(one()));
    const first = await shop.pay(header, "/upload", init(one()));
    expect(first.status).toBe(200);
    await first.arrayBuffer();
    await shop.becomes("delivered");
    const seen: string[] = [];
    for (const other of others) {
      const response = await shop.pay(header, "/upload", init(other()));
      seen.push(response.status === 200 ? "same" : await problemOf(response));
      if (!response.bodyUsed) await response.arrayBuffer();
    }
    shop.counted({ h: 1, v: 1, s: 1, c: 1 }, "upload");
    return seen;
  }

  const form =
    (note: string, file: string | Uint8Array, name = "a.txt") =>
    (): FormData => {
      const data = new FormData();
      data.append("note", note);
      data.append("file", new Blob([file as BlobPart], { type: "text/plain" }), name);
      return data;
    };

  check("G59 takes a form that is sent again for the same request, another field or file for another", async (open) => {
    const others = [form("one", "file"), form("two", "file"), form("one", "fila"), form("one", "file", "b.txt")];
    const expected = ["same", "payment_bound", "payment_bound", "payment_bound"];
    for (const route of [upload, reading]) {
      expect(await compare(open, route, form("one", "file"), others)).toEqual(expected);
    }
  });

  check("G59b tells bodies apart by all of their first megabyte", async (open) => {
    const large = (size: number, last: number) => () => Buffer.alloc(size, 1).fill(last, size - 1);
    for (const size of [70_000, 500_000, 1_000_000]) {
      const others = [large(size, 1), large(size, 2), large(size + 1, 1)];
      expect(await compare(open, upload, large(size, 1), others)).toEqual(["same", "payment_bound", "payment_bound"]);
    }
    const file = (last: number) => () => form("one", large(300_000, last)())();
    expect(await compare(open, upload, file(1), [file(1), file(2)])).toEqual(["same", "payment_bound"]);
  });

  check("G59c tells longer bodies apart by their length", async (open) => {
    const large = (size: number) => () => Buffer.alloc(size, 1);
    expect(await compare(open, upload, large(1_500_000), [large(1_500_000), large(1_500_001)])).toEqual([
      "same",
      "payment_bound",
    ]);
  });

  check("G59d takes a form that is longer than what counts for the same request too", async (open) => {
    const long = (first: number) => () => form("one", Buffer.alloc(1_500_000, 1).fill(first, 0, 1))();
    expect(await compare(open, upload, long(1), [long(1), long(2)])).toEqual(["same", "payment_bound"]);
  });
}
