import { expect, it } from "vitest";
import { spansSegments, textsOf } from "./expression.js";

const usual = ["x", "1", "en", "x/y/z"];

it.each([
  /^\/item\/([0-9a-f]{24})$/,
  /^\/(?:en|de)\/weather\.(?:json|xml)$/,
  /^\/(\d{4})-(\d{2})-(\d{2})\/?$/i,
  /^\/w(?:\/([^/]+?))?\/?$/,
  /^\/(?!public\/)[a-v]+/,
  /^\/user-(?<name>[\w.-]{3,20})(?:\/|$)/,
  /\/report/,
  /^\/[A-Z]{2}\d+\/x?y*z+$/,
  /.*fly$/,
])("G14f makes texts that %s matches", (expression) => {
  for (const values of [usual, []]) {
    expect(textsOf(expression.source, values).filter((text) => expression.test(text))).not.toEqual([]);
  }
});

it("G14g takes every alternative, and what is optional both ways", () => {
  expect(textsOf("^\\/weather\\.(json|xml)$", usual)).toEqual(["/weather.json", "/weather.xml"]);
  expect(textsOf("^(?:\\/(en|de))?\\/w(?:\\.txt)?$", usual).toSorted()).toEqual([
    "/de/w",
    "/de/w.txt",
    "/en/w",
    "/en/w.txt",
    "/w",
    "/w.txt",
  ]);
});

it("tries a run of characters with a usual value for each number of segments, and with none where it may be empty", () => {
  expect(textsOf("^\\/files\\/(.+)$", usual)).toEqual(["/files/x", "/files/x/y/z"]);
  expect(textsOf("^\\/files(\\d*)$", usual)).toEqual(["/files1", "/files"]);
});

it.each([
  ["[0-9a-f]{24}", "a108a108a108a108a108a108"],
  ["\\d{4}-\\d{2}", "1111-11"],
  ["(?:en|de)(?:-[A-Z]{2})?", "de-ZZ"],
  ["(?!new$)[a-z]+", "x"],
  ["v\\d+(?:\\.\\d+){0,2}", "v1.1"],
  ["[a-z]+/[a-z]+", "x/x"],
])("makes of %s the value %s", (source, value) => {
  expect(textsOf(source, usual)).toContain(value);
});

it("stays small whatever an expression repeats", () => {
  const texts = textsOf("(?:(?:[a-z]{9}|\\d{1,900}){1,900}){1,900}(x|y)?(a|b)?(c|d)?(e|f)?", []);
  expect(texts.length).toBeLessThanOrEqual(64);
  expect(texts.every((text) => text.length <= 1_500)).toBe(true);
});

it("tells what may match a slash", () => {
  expect(["[^a]+", ".*", "x/y", "\\D"].map(spansSegments)).toEqual([true, true, true, true]);
  expect(["[^/]+", "\\w+", "[a-z]"].map(spansSegments)).toEqual([false, false, false]);
});
