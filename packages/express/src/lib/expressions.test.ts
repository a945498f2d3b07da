import { expect, it } from "vitest";
import { spelledTextsOf, textsOf } from "./expressions.js";

const values = ["x", "1", "en"];

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
    const texts = [...textsOf(expression, values).flat(), ...spelledTextsOf(expression)];
    expect(
      texts.filter((text) => expression.test(text)),
      expression.source,
    ).not.toEqual([]);
  }
});

it("G14g texts of an expression take every alternative, and what is optional both ways", () => {
  expect(textsOf(/^\/weather\.(json|xml)$/, values)).toEqual([["/weather.json"], ["/weather.xml"]]);
  expect(
    textsOf(/^(?:\/(en|de))?\/w$/, values)
      .flat()
      .sort(),
  ).toEqual(["/de/w", "/en/w", "/w"]);
});
