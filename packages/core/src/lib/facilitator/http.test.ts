import { expect, it } from "vitest";
import { httpFacilitator } from "./http.js";

const problemOf = (url: string): string => {
  try {
    httpFacilitator(url);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

it("G42b names the option that lets plain http within a private network through", () => {
  expect(problemOf("http://facilitator:4022")).toContain("insecure: true");
  expect(problemOf("ftp://facilitator.example")).not.toContain("insecure");
  expect(httpFacilitator("http://facilitator:4022", { insecure: true }).id).toBe("http://facilitator:4022");
});

it("G42c shows no credentials of a URL that it refuses", () => {
  const message = problemOf("https://user:open-sesame@facilitator.example/x?key=open-sesame");
  expect(message).toContain("facilitator.example/x");
  expect(message).not.toContain("open-sesame");
});
