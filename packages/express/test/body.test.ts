import { buffer } from "node:stream/consumers";
import express, { type Request, type RequestHandler, type Response } from "express";
import { describe, expect, it } from "vitest";
import { paywall } from "../src/index.js";
import { openStand, quietApp } from "./stand.js";

const stand = openStand();
const price = () => paywall(stand.config({ routes: { "POST /paid": "$0.01" } }));

type Post = { readonly body: string; readonly type: string };
const json = (value: unknown): Post => ({ body: JSON.stringify(value), type: "application/json" });
const init = ({ body, type }: Post, header?: string): RequestInit => ({
  method: "POST",
  body,
  headers: { "content-type": type, ...(header && { "payment-signature": header }) },
});

/** Buys with one body, then comes with another, then with the first again. */
async function buyTwice(
  middleware: RequestHandler[],
  handler: (req: Request, res: Response) => unknown,
  posts: Post[],
) {
  const app = quietApp();
  app.use(...middleware);
  app.post("/paid", (req, res, next) => void Promise.resolve(handler(req, res)).catch(next));
  const url = `${await stand.listen(app)}/paid`;
  const [one, two] = posts as [Post, Post];
  const { response, header } = await stand.buy(url, init(one));
  const first = await response.text();
  const other = await fetch(url, init(two, header));
  expect((await other.json()) as object).toMatchObject({ code: "payment_bound" });
  await expect.poll(async () => (await (await fetch(url, init(one, header))).text()) === first).toBe(true);
  return first;
}

const echo = (req: Request, res: Response) => res.json(req.body);

describe("a payment is for one body", () => {
  it.each<[string, () => RequestHandler[], (req: Request, res: Response) => unknown, Post[], string]>([
    [
      "that is parsed behind the paywall",
      () => [price(), express.json()],
      echo,
      [json({ a: 1 }), json({ a: 2 })],
      '{"a":1}',
    ],
    ["that was parsed ahead of it", () => [express.json(), price()], echo, [json({ a: 1 }), json({ a: 2 })], '{"a":1}'],
    [
      "that was parsed as text",
      () => [express.text(), price()],
      (req, res) => res.send(req.body),
      [
        { body: "one", type: "text/plain" },
        { body: "two", type: "text/plain" },
      ],
      "one",
    ],
    [
      "that was read as bytes",
      () => [express.raw(), price()],
      (req, res) => res.send(req.body.toString()),
      [
        { body: "one", type: "application/octet-stream" },
        { body: "two", type: "application/octet-stream" },
      ],
      "one",
    ],
    [
      "that was parsed as a form",
      () => [express.urlencoded({ extended: true }), price()],
      echo,
      [
        { body: "a[b]=1", type: "application/x-www-form-urlencoded" },
        { body: "a[b]=2", type: "application/x-www-form-urlencoded" },
      ],
      '{"a":{"b":"1"}}',
    ],
    [
      "that no parser has taken",
      () => [express.json(), price()],
      async (req, res) => res.send(await buffer(req)),
      [
        { body: "one", type: "text/plain" },
        { body: "two", type: "text/plain" },
      ],
      "one",
    ],
    [
      "that its handler pipes",
      () => [price()],
      (req, res) => req.pipe(res),
      [
        { body: "1".repeat(30_000), type: "text/plain" },
        { body: `${"1".repeat(29_999)}2`, type: "text/plain" },
      ],
      "1".repeat(30_000),
    ],
  ])("%s", async (_, middleware, handler, posts, answer) => {
    expect(await buyTwice(middleware(), handler, posts)).toBe(answer);
  });
});

it("a paid upload reaches its handler whole", async () => {
  const app = quietApp();
  app.use(price());
  app.post("/paid", async (req, res) => void res.send(String((await buffer(req)).length)));
  const size = 20 << 20;
  const { response } = await stand.buy(`${await stand.listen(app)}/paid`, {
    method: "POST",
    body: "x".repeat(size),
    headers: { "content-type": "text/plain" },
  });
  expect(await response.text()).toBe(`${size}`);
});
