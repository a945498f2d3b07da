import { expect, it } from "vitest";
import { textsOf } from "./texts.js";

it("G14f texts of an expression match it, whatever usual form it has", () => {
  for (const expression of [
    /^\/item\/([0-9a-f]{24})$/,
    /^\/(?:en|de)\/weather\.(?:json|xml)$/,
    /^\/(\d{4})-(\d{2})-(\d{2})\/?$/i,
    /^\/w(?:\/([^/]+?))?\/?$/,
    /^\/(?!public\/)[a-v]+/,
    /^\/user-(?<name>[\w.-]{3,20})(?:\/|$)/,
    /\/report/,
    /^\/[A-Z]{2}\d+\/x?y*z+$/,
    /.*fly$/,
  ]) {
    const matching = textsOf(expression.source).filter((text) => expression.test(text));
    expect(matching, expression.source).not.toEqual([]);
  }
});

it("G14g texts of an expression take every alternative, and what is optional both ways", () => {
  expect(textsOf(/^\/weather\.(json|xml)$/.source)).toEqual(["/weather.json", "/weather.xml"]);
  expect(textsOf(/^(?:\/(en|de))?\/w$/.source).sort()).toEqual(["/de/w", "/en/w", "/w"]);
});

it("G14h an expression that cannot be read has no texts", () => {
  for (const source of ["(a", "(a)\\1", "[a", "\\p{L}+"]) expect(textsOf(source), source).toEqual([]);
});
