import type { PricedPath } from "@turnpike/core/adapter";
import { type Request, type Response, Router } from "express";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { major } from "./lookup.js";
import { Matcher } from "./matcher.js";
import { readPath } from "./path.js";

function matcherOf(...patterns: string[]): Matcher {
  const paths = patterns.map((pattern): PricedPath<Request> => {
    const read = readPath(pattern, major);
    if ("problem" in read) throw new Error(read.problem);
    return { pattern, ...read, verbs: ["GET"], route: () => undefined };
  });
  return new Matcher(paths);
}

const matched = (matcher: Matcher, path: string) =>
  matcher
    .match(path)
    ?.paths.map(({ pattern }) => pattern)
    .sort();

function serves(pattern: string, path: string): boolean {
  let served = false;
  const router = Router().all(pattern, () => {
    served = true;
  });
  router({ method: "GET", url: path } as Request, {} as Response, () => {});
  return served;
}

describe("Matcher", () => {
  it("finds every pattern that matches, with parameters", () => {
    const matcher = matcherOf("/a/:id", "/a/*", "/:x/b", "/a/b", "/other");
    expect(matched(matcher, "/a/b")).toEqual(["/:x/b", "/a/*", "/a/:id", "/a/b"]);
    expect(matcher.match("/q/b")?.params).toEqual({ x: "q" });
    expect(matched(matcher, "/a/b/c")).toEqual(["/a/*"]);
    expect(matcher.match("/c")).toBeUndefined();
  });

  it("does not care about letter case or a slash at the end", () => {
    const matcher = matcherOf("/Weather", "/caf%C3%A9", "/a b");
    for (const path of ["/weather", "/WEATHER/", "/caf%c3%a9", "/CAF%C3%A9/", "/a%20b"]) {
      expect(matcher.match(path), path).toBeDefined();
    }
  });

  it("throws for a parameter that cannot be decoded", () => {
    expect(() => matcherOf("/u/:id").match("/u/%c0")).toThrow(URIError);
    expect(matcherOf("/u/:id").match("/v/%c0")).toBeUndefined();
  });

  it("prices below a parameter too, however many segments follow", () => {
    const matcher = matcherOf(major === 5 ? "/:a/:b/*rest" : "/:a/:b/*");
    for (const path of ["/42/43", "/42/43/", "/42/43/x", "/42/43/x/y"]) {
      expect(matcher.match(path)?.params, path).toMatchObject({ a: "42", b: "43" });
    }
    expect(matcher.match("/42")).toBeUndefined();
  });

  it("matches whatever a route with the same pattern serves", () => {
    const wild = major === 5 ? "*rest" : "*";
    const maybe = major === 5 ? "{/:m}" : "/:m?";
    const word = fc.constantFrom("/a", "/b", "/c-:z", "/:x.json", "/d:w");
    const end = fc.constantFrom("", "", `/${wild}`, maybe, `${maybe}/${wild}`, `${maybe}/b`);
    const pattern = fc
      .tuple(fc.array(fc.oneof(word, fc.constant("/:?")), { minLength: 1, maxLength: 4 }), end)
      .map(([words, last]) => words.map((text, at) => text.replace("?", `p${at}`)).join("") + last)
      .filter((text) => new Set(text.match(/:\w+/g)).size === (text.match(/:\w+/g)?.length ?? 0));
    const piece = fc.constantFrom("a", "b", "c-1", "1.json", "d1", "42", "x");
    const path = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => `/${pieces.join("/")}`);
    fc.assert(
      fc.property(pattern, fc.array(path, { minLength: 20, maxLength: 20 }), (one, paths) => {
        const served = paths.filter((asked) => serves(one, asked));
        expect(served.filter((asked) => matched(matcherOf(one), asked) === undefined)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("leaves no pattern out for the literals that it begins with: it finds what each pattern finds alone", () => {
    const word = fc.constantFrom("a", "b", "A", "ab", ":x", ":y", "c-:z", "*", "%C3%A9");
    const pattern = fc.array(word, { maxLength: 4 }).map((words) => `/${words.join("/")}`);
    const piece = fc.constantFrom("a", "b", "A", "AB", "c-1", "", "%c3%a9", "%61", ".", "x");
    const path = fc.array(piece, { maxLength: 5 }).map((pieces) => `/${pieces.join("/")}`);
    fc.assert(
      fc.property(fc.uniqueArray(pattern, { minLength: 1, maxLength: 6 }), path, (patterns, asked) => {
        const alone = patterns.filter((one) => matcherOf(one).match(asked) !== undefined);
        const distinct = new Set(alone.map((one) => JSON.stringify(readPath(one, major))));
        const together = new Set(
          (matcherOf(...patterns).match(asked)?.paths ?? []).map(({ pattern: one }) =>
            JSON.stringify(readPath(one, major)),
          ),
        );
        expect(together).toEqual(distinct);
      }),
      { numRuns: 300 },
    );
  });
});
