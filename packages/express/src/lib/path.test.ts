import express from "express";
import express4 from "express4";
import { describe, expect, it } from "vitest";
import { examplesOf, nativePaths, readPath } from "./path.js";

const literal = (text: string) => ({ type: "literal", text });
const param = { type: "param" };
const rest = { type: "rest" };
const noop = () => {};

const both: [string, string | [string, string], unknown[][]][] = [
  ["/", "/", [[]]],
  ["/weather", "/weather", [[literal("weather")]]],
  ["/Weather", "/Weather", [[literal("weather")]]],
  ["/w/", "/w/", [[literal("w")]]],
  ["/items/:id", "/items/:id", [[literal("items"), param]]],
  ["/a/:file.json", "/a/:file.json", [[literal("a"), param]]],
  ["/flights/:from-:to", "/flights/:from-:to", [[literal("flights"), param]]],
  ["/caf%C3%A9", "/caf%C3%A9", [[literal("caf%c3%a9")]]],
  ["/café", "/caf%C3%A9", [[literal("caf%c3%a9")]]],
  ["/a b", "/a%20b", [[literal("a%20b")]]],
  ["/%70aid", "/paid", [[literal("paid")]]],
  ["/a%2fb", "/a%2Fb", [[literal("a%2fb")]]],
  ["/f/*", ["/f{/*wild0}", "/f /f/*"], [[literal("f")], [literal("f"), rest]]],
  ["/*", ["/{*wild0}", "/*"], [[], [rest]]],
  ["/:a/*", ["/:a{/*wild0}", "/:a /:a/*"], [[param], [param, rest]]],
  ["/f/*/raw", ["/f/*wild0/raw", "/f/*/raw"], [[literal("f"), rest, literal("raw")]]],
  ["/f*", ["/f*wild0", "/f*"], [[param, rest]]],
];

describe.each([5, 4] as const)("the path language of Express %i", (major) => {
  it.each(both)("reads %s", (pattern, native, shapes) => {
    expect(readPath(pattern, major)).toEqual({
      native: typeof native === "string" ? native : native[major === 5 ? 0 : 1],
      shapes,
    });
  });

  it.each([
    ["/r/:id(\\d+)", /regular expression/],
    ["/r/:id(^\\d+$)", /regular expression/],
    ["/r/:id{[0-9]+}", major === 5 ? /regular expression/ : /regular expression|no "\{\}"/],
    ["/z/:p{.+}", /./],
    ["/k/:user-id", /:user_id/],
    ["/[...slug]", /further segments/],
    ["/[[...slug]]", /further segments/],
    ["/(a|b)", /alternatives/],
    ["/a//b", /one "\/"/],
    ["/a/../b", /another path/],
    ["/./b", /another path/],
    ["/a%", /percent-encoded/],
    ["/a%zz", /percent-encoded/],
    ["/a%c3", /percent-encoded/],
    ["/a?b=1", /without query/],
    ["/a#b", /without query/],
    ["/a\\b", /paid\(\)/],
    ["/a+b", /paid\(\)/],
    ["/a$b", /paid\(\)/],
    ["/:", /letters, digits/],
    ["/:1a", /letters, digits/],
    ["/a/**", /any number of segments/],
    ["/a%28b", /paid\(\)/],
    ["/a%00", /paid\(\)/],
    ["/a}", /./],
  ])("refuses %s and says how to write it", (pattern, problem) => {
    expect(readPath(pattern, major)).toEqual({ problem: expect.stringMatching(problem) });
  });

  it.each(both)("gives a pattern for %s that the router takes", (pattern) => {
    const read = readPath(pattern, major);
    const { Router } = major === 5 ? express : express4;
    expect(() => Router().all(nativePaths("native" in read ? read.native : ""), noop)).not.toThrow();
  });
});

describe("what only Express 5 has", () => {
  it.each([
    ["/o{/:id}", "/o{/:id}", [[literal("o")], [literal("o"), param]]],
    ["/s/*path", "/s{/*path}", [[literal("s")], [literal("s"), rest]]],
    ["/t/{*path}", "/t{/*path}", [[literal("t")], [literal("t"), rest]]],
    ["/t{/*path}", "/t{/*path}", [[literal("t")], [literal("t"), rest]]],
    ["/a{/:b{/:c}}", "/a{/:b{/:c}}", [[literal("a")], [literal("a"), param], [literal("a"), param, param]]],
    [
      "/f/:name{.:ext}",
      "/f/:name{.:ext}",
      [
        [literal("f"), param],
        [literal("f"), param],
      ],
    ],
  ])("%s is read in 5 and refused in 4", (pattern, native, shapes) => {
    expect(readPath(pattern, 5)).toEqual({ native, shapes });
    expect(readPath(pattern, 4)).toEqual({ problem: expect.any(String) });
  });

  it.each([
    ["/o/:id?", '"{/:id}"'],
    ["/a{b", '"}"'],
    ["/a{}", '"{}"'],
    ["/weather/{id}", 'write ":id"'],
    ["/a{b}/c", 'write ":b"'],
    ["/a{/b{/c}}", 'write ":c"'],
    ["/a/:b{/c}", 'write ":c"'],
  ])("%s is refused", (pattern, problem) => {
    expect(readPath(pattern, 5)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

it("Express 4 has optional parameters of its own", () => {
  expect(readPath("/o/:id?", 4)).toEqual({ native: "/o/:id?", shapes: [[literal("o")], [literal("o"), param]] });
  expect(readPath("/:a?", 4)).toEqual({ native: "/:a?", shapes: [[], [param]] });
  expect(readPath("/o/:id?/x", 4)).toMatchObject({ native: "/o/:id?/x" });
});

it("gives example paths", () => {
  expect(examplesOf("/o{/:id}/x", 5, "1")).toEqual(["/o/x", "/o/1/x"]);
  expect(examplesOf("/s/*path", 5, "1")).toEqual(["/s/1"]);
  expect(examplesOf("/o/:id?", 4, "1")).toEqual(["/o", "/o/1"]);
});
