import { describe, expect, it } from "vitest";
import { overlaps } from "../table/overlap.js";
import type { Segment } from "../table/path.js";
import { makePrivate } from "./answer-headers.js";
import { pageReply, prefersHtml } from "./page.js";
import { pathOf, resourceUrl, targetOf } from "./resource-url.js";

describe("prefersHtml", () => {
  it("H17 takes HTML only if it is named and ranked above JSON and above anything", () => {
    expect(prefersHtml("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8")).toBe(true);
    expect(prefersHtml("text/html")).toBe(true);
    for (const accept of [
      undefined,
      "",
      "*/*",
      "application/json",
      "text/html, application/json",
      "text/html;q=0.5, */*",
      "text/html;q=0",
      "text/html;q=x",
      "application/json, text/plain, */*",
    ]) {
      expect(prefersHtml(accept), accept).toBe(false);
    }
  });
});

describe("pageReply", () => {
  it("escapes what it shows", () => {
    const { body } = pageReply('<script>alert("1")</script>', ["0.01 <b>&'"], []);
    expect(body).not.toContain("<script");
    expect(body).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
    expect(body).toContain("0.01 &lt;b&gt;&amp;&#39;");
  });
});

describe("resourceUrl", () => {
  it("leaves out the query, and takes the configured origin in place of what the client sent", () => {
    expect(resourceUrl("http://shop.example:8080/a/b?secret=1#x", undefined)).toEqual({
      url: "http://shop.example:8080/a/b",
    });
    expect(resourceUrl("http://evil.example/a?b", "https://api.example")).toEqual({ url: "https://api.example/a" });
    expect(resourceUrl("HTTP://[::1]:80/", undefined)).toEqual({ url: "http://[::1]:80/" });
  });

  it("H06 refuses a host that is none", () => {
    for (const host of [
      'a" onload=',
      "user@host",
      "",
      "evil/..",
      "a b",
      "host:port",
      "[::1",
      "-a",
      "a,b",
      "é",
      "a:99999",
      "256.256.256.256",
    ]) {
      const url = `http://${host}/x`;
      // A slash ends the authority, so what follows it is a path of the host before it.
      if (host === "evil/..") expect(resourceUrl(url, undefined)).toEqual({ url: "http://evil/../x" });
      else expect(resourceUrl(url, undefined), host).toEqual({ problem: "invalid_host" });
    }
    expect(resourceUrl("http://user@host/x", "https://api.example")).toEqual({ url: "https://api.example/x" });
  });

  it("refuses a path that no header could carry", () => {
    expect(resourceUrl(`http://a.example/${"x".repeat(2000)}`, undefined)).toEqual({ problem: "url_too_long" });
    expect(resourceUrl(`http://a.example/?q=${"x".repeat(12_000)}`, undefined)).toEqual({ url: "http://a.example/" });
  });

  it("takes paths and targets apart", () => {
    expect(pathOf("https://a.example")).toBe("/");
    expect(pathOf("https://a.example/b?c")).toBe("/b");
    expect(targetOf("https://a.example/b?c=1#d")).toBe("/b?c=1");
    expect(targetOf("https://a.example")).toBe("/");
  });
});

describe("makePrivate", () => {
  it("53 takes leave from shared caches and keeps the rest", () => {
    expect(makePrivate(undefined)).toBe("private");
    expect(makePrivate("public, max-age=60")).toBe("private, max-age=60");
    expect(makePrivate("Public, s-maxage=600, max-age=5, immutable")).toBe("private, max-age=5, immutable");
    expect(makePrivate("no-store")).toBe("private, no-store");
    expect(makePrivate('private="x-a", max-age=1')).toBe("private, max-age=1");
  });
});

describe("overlaps", () => {
  const shape = (pattern: string): Segment[] =>
    pattern
      .split("/")
      .slice(1)
      .map((text) =>
        text === "*" ? { type: "rest" } : text.startsWith(":") ? { type: "param" } : { type: "literal", text },
      );
  const meet = (a: string, b: string) => overlaps([shape(a)], [shape(b)]);

  it("sees when one path matches both patterns", () => {
    for (const [a, b] of [
      ["/a/:x", "/a/b"],
      ["/a/:x", "/:y/b"],
      ["/*", "/a/b/c"],
      ["/a/*", "/a"],
      ["/*/raw", "/f/raw"],
      ["/a", "/A"],
      ["/a/*/z", "/a/:q/:r/z"],
    ] as const) {
      expect(meet(a, b), `${a} ${b}`).toBe(true);
      expect(meet(b, a), `${b} ${a}`).toBe(true);
    }
  });

  it("sees when none does", () => {
    for (const [a, b] of [
      ["/a/:x", "/b/:x"],
      ["/a", "/a/b"],
      ["/a/*", "/b"],
      ["/:a", "/x/y"],
      ["/a/*/z", "/a/b/y"],
    ] as const) {
      expect(meet(a, b), `${a} ${b}`).toBe(false);
      expect(meet(b, a), `${b} ${a}`).toBe(false);
    }
  });
});
