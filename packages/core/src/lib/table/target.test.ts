import { expect, it } from "vitest";
import { originForm } from "./target.js";

it("G12f a target has the path that follows its authority, and begins with a slash", () => {
  const targets: Readonly<Record<string, string>> = {
    "/a?b": "/a?b",
    "//a/b": "//a/b",
    "": "/",
    "http://h.test": "/",
    "http://h.test/": "/",
    "HTTPS://user:x@h.test:8/a?b#c": "/a?b#c",
    "http://[::1]:8/a": "/a",
    "http://h%20.test/a": "/a",
  };
  for (const [target, path] of Object.entries(targets)) expect(originForm("GET", target), target).toBe(path);
  expect(originForm("OPTIONS", "*")).toBe("/");
});

it("G12g a target in no form of HTTP has no path", () => {
  const targets = [
    "*",
    "a",
    "a/b",
    "./a",
    "?/a",
    "#/a",
    "\\a",
    " /a",
    "*a",
    "*/a",
    "x:/a",
    "x:a",
    "x://h/a",
    "http:/a",
    "http:a",
    "http:///a",
    "http://h?a/b",
    "http://h#a/b",
    "http://h\\a/b",
    "http://h a/b",
  ];
  for (const target of targets) expect(originForm("GET", target), target).toBeUndefined();
  expect(originForm("OPTIONS", "*a")).toBeUndefined();
});
