import type { PricedPath } from "@turnpike/core/adapter";
import type { Request } from "express";
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
