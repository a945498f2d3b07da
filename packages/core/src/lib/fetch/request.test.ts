import { expect, it } from "vitest";
import { toResponse } from "./reply.js";
import { fetchRequest } from "./request.js";

it("reads method, raw request and headers, several occurrences joined", () => {
  const request = new Request("http://shop.example/a", {
    method: "POST",
    headers: [
      ["x-a", "1"],
      ["x-a", "2"],
    ],
  });
  const raw = { framework: "request" };
  const seen = fetchRequest(request, raw);
  expect([seen.method, seen.header("x-a"), seen.header("x-b")]).toEqual(["POST", "1, 2", undefined]);
  expect(seen.raw).toBe(raw);
});

it("asks for parameters and address only when the engine does", () => {
  let asked = 0;
  const facts = { params: () => ({ id: String(++asked) }), address: () => "192.0.2.1" };
  const seen = fetchRequest(new Request("http://shop.example/a"), undefined, facts);
  expect(asked).toBe(0);
  expect([seen.params(), seen.address(), asked]).toEqual([{ id: "1" }, "192.0.2.1", 1]);
  const bare = fetchRequest(new Request("http://shop.example/a"), undefined);
  expect([bare.params(), bare.address()]).toEqual([{}, undefined]);
});

it.each([
  ["http://shop.example/a?b=1", undefined, "http://shop.example/a?b=1"],
  ["http://shop.example/a?b=1", "shop.example", "http://shop.example/a?b=1"],
  ["http://evil.example/a?b=1", "shop.example:8080", "http://shop.example:8080/a?b=1"],
  ["https://evil.example:1/a", "[::1]:80", "https://[::1]:80/a"],
  ["http://localhost:3000/a", "Shop.Example", "http://shop.example/a"],
  ["http://shop.example/a", 'a" onload=', "http://shop.example/a"],
  ["http://shop.example/a", "evil.example/path?", "http://shop.example/a"],
  ["http://shop.example/a", "user@evil.example", "http://shop.example/a"],
])("names %s with Host %s as %s", (url, host, expected) => {
  const headers = new Headers(host === undefined ? {} : { host });
  expect(fetchRequest({ url, headers } as Request, undefined).url()).toBe(expected);
});

it.each([
  ["http://shop.example/a?b=1", undefined, "http://shop.example/shop/a?b=1"],
  ["http://evil.example/a/", "shop.example", "http://shop.example/shop/a/"],
  ["http://shop.example/", "shop.example", "http://shop.example/shop"],
  ["http://shop.example/?b=1", undefined, "http://shop.example/shop?b=1"],
])("G64 puts back what the framework took off %s with Host %s: %s", (url, host, expected) => {
  const request = { url, headers: new Headers(host === undefined ? {} : { host }) } as Request;
  expect(fetchRequest(request, undefined, { basePath: "/shop" }).url()).toBe(expected);
  expect(fetchRequest(request, undefined, { basePath: "" }).url()).toBe(fetchRequest(request, undefined).url());
});

it("G64 keeps the slash behind a base path where the client has asked with it", () => {
  const facts = { basePath: "/shop", trailingSlash: true };
  expect(fetchRequest(new Request("http://shop.example/?a"), undefined, facts).url()).toBe(
    "http://shop.example/shop/?a",
  );
});

it("writes a reply, without its body where none may be sent", async () => {
  const reply = {
    status: 402,
    headers: [
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ] as [string, string][],
    body: "pay",
  };
  const response = toResponse(reply);
  expect([response.status, await response.text(), response.headers.getSetCookie()]).toEqual([
    402,
    "pay",
    ["a=1", "b=2"],
  ]);
  expect(await toResponse({ ...reply, body: new Uint8Array([104, 105]) }, "GET").text()).toBe("hi");
  expect(toResponse(reply, "HEAD").body).toBeNull();
  expect(toResponse({ ...reply, status: 204 }).body).toBeNull();
});

it("adds a reply to the headers that the app has set, which yield to the engine's", () => {
  const outer = new Headers({ vary: "Origin", "cache-control": "public", "x-request-id": "7" });
  const response = toResponse(
    {
      status: 402,
      headers: [
        ["vary", "Accept"],
        ["cache-control", "no-store"],
      ],
    },
    "GET",
    outer,
  );
  expect(Object.fromEntries(response.headers)).toEqual({
    vary: "Origin, Accept",
    "cache-control": "no-store",
    "x-request-id": "7",
  });
});
