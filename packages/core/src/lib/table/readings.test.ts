import { describe, expect, it } from "vitest";
import { readings } from "./readings.js";

describe("readings", () => {
  it("of a usual path is that path alone", () => {
    for (const path of [
      "/",
      "/weather",
      "/items/42",
      "/a/b.c/d-e_f~g",
      "/files/",
      "/.well-known/x",
      "/a/...",
      "/v1:run",
      "/@me",
    ]) {
      expect(readings(path)).toEqual([path]);
    }
  });

  it("has the path as sent first", () => {
    for (const path of ["/x/../premium/F", "/caf%c3%a9", "//a", "/a;b"]) expect(readings(path)[0]).toBe(path);
  });

  const disguises = [
    "/x/../premium/F",
    "/./premium/F",
    "/%2e/premium/F",
    "/x/%2e%2e/premium/F",
    "/x//../premium/F",
    "/.%2fpremium/F",
    "/x%2F..%2Fpremium%2FF",
    "\\..\\premium\\F",
    "/\\..\\premium\\F",
    "/free%5c..%5cpremium/F",
    "/free/..%5c..%5cpremium/F",
    "/x/.\t./premium/F",
    "/x/.%09./premium/F",
    "/%2570remium/F",
    "/%252570remium/F",
    "//premium/F",
    "/premium//F",
    "/premium;v=1/F",
    "/premium/F;v=1",
    "/x/..;/premium/F",
    "/premium/F%3Fa=1",
    "/premium/F%23a",
    "/premium/F%20",
    "/prem%69um/F%00",
    "/x/../../../premium/F",
    "/premium/x/../F",
    "/premium/./F",
    "/%/../premium/F",
    "/x%23/%2e%2e/premium/F",
    "/x%3f/%2e%2e/premium/F",
    "/x%2523/%252e%252e/premium/F",
    "/x%23%2f..%2fpremium/F",
    "/x%3fa%23/..%2fpremium/F",
    "/x#/../premium/F",
    "/premium/F#x",
    "/premium/F%3f/../x",
    "/premium/F%23x?/../y",
    "premium/F",
    "./premium/F",
    "premium%2fF",
    "//host/premium/F",
    "///host/premium/F",
    "/\\host/premium/F",
    "\\\\host\\premium\\F",
    "/%2fhost/premium/F",
    "/%09/host/premium/F",
    "/%5chost/x/../premium/F",
    "//user@host:1/premium//F",
    "/http://host/premium/F",
    "/x:/host/premium/F",
    "/https:%2f%2fhost/premium/F",
  ];
  for (const path of disguises) {
    it(`of ${JSON.stringify(path)} include what it stands for`, () => {
      expect(readings(path)).toContain("/premium/F");
    });
  }

  it("include both ways to resolve dots beside empty segments", () => {
    expect(readings("/x//../F")).toEqual(expect.arrayContaining(["/F", "/x/F"]));
  });

  it("leave a host out behind a prefix that a handler strips", () => {
    for (const path of ["/files//host/premium/F", "/files/http://host/premium/F", "/files/%2fhost/premium/F"]) {
      expect(readings(path), path).toContain("/files/premium/F");
    }
  });

  it("take what follows a doubled slash for a host only where a path follows", () => {
    expect(readings("/items//42")).not.toContain("/items");
    expect(readings("//host")).toContain("/");
  });

  it("spell what must be encoded in one way", () => {
    expect(readings("/caf%c3%a9")).toContain("/caf%C3%A9");
    expect(readings("/cafÃ©")).toContain("/caf%C3%A9");
    expect(readings("/a%20b")).toContain("/a%20b");
    expect(readings("/100%")).toContain("/100%25");
  });

  it("take no longer than a moment for a path as long as a request line may be", () => {
    const started = process.cpuUsage().user;
    for (const unit of ["/..", "%2e", "//", ";a", "\\", "%25", "/%2f", "%3f", "#/..", "//a", "/\\%2f", "/a:", "/a:/"]) {
      expect(readings(unit.repeat(16_384 / unit.length)).length).toBeLessThan(40);
    }
    expect(process.cpuUsage().user - started).toBeLessThan(5_000_000);
  });
});
