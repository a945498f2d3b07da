import { describe, expect, it } from "vitest";
import { readPath } from "./path.js";

const literal = (text: string) => ({ type: "literal", text });
const param = { type: "param" };
const rest = { type: "rest" };

describe("a pattern of Hono's path language", () => {
  it.each([
    ["/", "/", [[]]],
    ["/weather", "/weather", [[literal("weather")]]],
    ["/w/", "/w", [[literal("w")]]],
    ["/items/:id", "/items/:id", [[literal("items"), param]]],
    ["/r/:id{[0-9]+}", "/r/:id{[0-9]+}", [[literal("r"), param]]],
    ["/r/:id{[0-9]{4}}/x", "/r/:id{[0-9]{4}}/x", [[literal("r"), param, literal("x")]]],
    ["/r/:id{a|b}", "/r/:id{a|b}", [[literal("r"), param]]],
    ["/z/:p{.+}", "/z/:p{.+}", [[literal("z"), rest]]],
    ["/z/:p{[a-z]+/[a-z]+}", "/z/:p{[a-z]+/[a-z]+}", [[literal("z"), rest]]],
    ["/o/:id?", "/o/:id?", [[literal("o")], [literal("o"), param]]],
    ["/o/:a?/:b?", "/o/:a?/:b?", [[literal("o")], [literal("o"), param], [literal("o"), param, param]]],
    ["/files/*", "/files/*", [[literal("files"), rest]]],
    ["/files/*/raw", "/files/*/raw", [[literal("files"), param, literal("raw")]]],
    ["/*", "/*", [[rest]]],
    ["/caf%C3%A9", "/café", [[literal("café")]]],
    ["/café", "/café", [[literal("café")]]],
    ["/a b", "/a b", [[literal("a b")]]],
    ["/a%20b", "/a b", [[literal("a b")]]],
    ["/100%25", "/100%25", [[literal("100%25")]]],
    ["/a%2Fb", "/a%2Fb", [[literal("a%2Fb")]]],
    ["/a%28b%29", "/a(b)", [[literal("a(b)")]]],
  ])("%s is read as %s", (pattern, native, shapes) => {
    expect(readPath(pattern)).toEqual({ native, shapes });
  });
});

describe("what Hono would read otherwise than it looks", () => {
  it.each([
    ["/o{/:id}", /:name\?/],
    ["/s/*path", /"\*" at the end/],
    ["/t/{*path}", /"\*" at the end/],
    ["/o/:id?/x", /last parameters/],
    ["/r/:id(\\d+)", /:name\{\[0-9\]\+\}/],
    ["/r/:id(^\\d+$)", /:name\{\[0-9\]\+\}/],
    ["/r/:id{^\\d+$}", /leave out/],
    ["/r/:id{\\d*}", /match nothing/],
    ["/r/:id{[}", /not a regular expression/],
    ["/r/:id{[0-9]+}?", /cannot be optional/],
    ["/k/:user-id", /letters, digits/],
    ["/[...slug]", /all the rest/],
    ["/[[...slug]]", /all the rest/],
    ["/(a|b)", /not of Hono's path language/],
    ["/a|b", /not of Hono's path language/],
    ["/foo*", /not of Hono's path language/],
    ["/**", /not of Hono's path language/],
    ["/a?", /not of Hono's path language/],
    ["/a:b", /not of Hono's path language/],
    ["/a\\b", /not of Hono's path language/],
    ["/a#b", /not of Hono's path language/],
    ["/a//b", /empty segments/],
    ["/a/../b", /another path/],
    ["/a%", /percent-encoded/],
    ["/a%c0", /percent-encoded/],
    ["/a%2A", /cannot be a literal/],
    ["/a%00", /cannot be a literal/],
    ["/x{a", /not closed/],
    ["/x}a", /not closed/],
  ])("%s is refused with the way to write it", (pattern, message) => {
    expect(readPath(pattern)).toEqual({ problem: expect.stringMatching(message) });
  });
});
