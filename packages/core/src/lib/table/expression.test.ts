import { expect, it } from "vitest";
import { spansSegments, textsOf } from "./expression.js";

const usual = ["x", "1", "en", "x/y/z"];
const made = (source: string, values: readonly string[]) =>
  textsOf(source, values, (text) => new RegExp(source).test(text)).texts;

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
    expect(textsOf(expression.source, values, (text) => expression.test(text))).toMatchObject({ whole: true });
  }
});

it("G14g takes every alternative, and what is optional both ways", () => {
  expect(made("^\\/weather\\.(json|xml)$", usual)).toEqual(["/weather.json", "/weather.xml"]);
  expect(made("^(?:\\/(en|de))?\\/w(?:\\.txt)?$", usual).toSorted()).toEqual([
    "/de/w",
    "/de/w.txt",
    "/en/w",
    "/en/w.txt",
    "/w",
    "/w.txt",
  ]);
});

it("tries a run of characters with a usual value for each number of segments, and with none where it may be empty", () => {
  expect(made("^\\/files\\/(.+)$", usual)).toEqual(["/files/x", "/files/x/y/z"]);
  expect(made("^\\/files(\\d*)$", usual)).toEqual(["/files1", "/files"]);
});

it.each([
  ["[0-9a-f]{24}", "a108a108a108a108a108a108"],
  ["\\d{4}-\\d{2}", "1111-11"],
  ["(?:en|de)(?:-[A-Z]{2})?", "de-ZZ"],
  ["(?!new$)[a-z]+", "x"],
  ["v\\d+(?:\\.\\d+){0,2}", "v1.1"],
  ["[a-z]+/[a-z]+", "x/x"],
])("makes of %s the value %s", (source, value) => {
  expect(made(source, usual)).toContain(value);
});

it.each([
  /^\/(?=weather|premium)\w+\/f$/,
  /^\/(?=x|weather)\w+$/,
  /^\/(weather|premium)\/\1$/,
  /^\/(?<k>x|premium)\/\k<k>$/,
  /^\/\w+(?<=premium|weather)$/,
  /^\/w\u{65}ather(?:\u{78})?$/u,
  /^\/weather(?:\u{78})?$/u,
  /^\/(?!premium\/x)(weather|premium)\/(?:x)$/,
  new RegExp(`^/(?:${Array.from({ length: 80 }, (_, at) => `c${at}`).join("|")})$`),
  /^\/(a|b)\/(c|d)\/(e|f)\/(g|h)\/(i|j)\/(k|l)\/(m|n)$/,
  /^\/w{2000}$|^\/weather$/,
])("G14l says that its texts do not stand for all that %s matches", (expression) => {
  expect(textsOf(expression.source, usual, (text) => expression.test(text)).whole).toBe(false);
});

it.each([
  /^\/[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i,
  /^\/(?:(en|de)\/)?(?:news|blog)\/(\d+)(?:\.(json|xml))?$/,
  /^\/(?!admin)\w+\/f$/,
  /^\/api(?=\/|$)/,
  /^(?!\/api\/).*$/,
  /.*/,
])("G14m says that its texts stand for all that %s matches", (expression) => {
  expect(textsOf(expression.source, usual, (text) => expression.test(text)).whole).toBe(true);
});

it("stays small whatever an expression repeats", () => {
  const texts = made("(?:(?:[a-z]{9}|\\d{1,900}){1,900}){1,900}(x|y)?(a|b)?(c|d)?(e|f)?", []);
  expect(texts.length).toBeLessThanOrEqual(64);
  expect(texts.every((text) => text.length <= 1_500)).toBe(true);
});

it("tells what may match a slash", () => {
  expect(["[^a]+", ".*", "x/y", "\\D"].map(spansSegments)).toEqual([true, true, true, true]);
  expect(["[^/]+", "\\w+", "[a-z]"].map(spansSegments)).toEqual([false, false, false]);
});
