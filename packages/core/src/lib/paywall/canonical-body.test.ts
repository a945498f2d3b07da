import { describe, expect, it } from "vitest";
import { canonicalBody } from "./canonical-body.js";

const SIZE = 1_048_576;
const TYPE = "multipart/form-data; boundary=a";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Milliseconds of the quickest of some rounds. */
function cost(body: Uint8Array): number {
  const rounds = Array.from({ length: 7 }, () => {
    const start = performance.now();
    canonicalBody(body, TYPE);
    return performance.now() - start;
  });
  return Math.min(...rounds);
}

describe("a form made of nothing but delimiters", () => {
  const plain = bytes(`--a\r\n${"x".repeat(SIZE - 14)}\r\n--a--\r\n`);

  for (const unit of ["\r\n--a", "\r\n--a--", "\r\n--a\r\n", "\r\n--ax", `\r\n--a${" ".repeat(64)}x`, "\r\n"]) {
    it(`takes about as long as a plain one of its size: ${JSON.stringify(unit.slice(0, 12))}`, () => {
      const body = bytes(unit.repeat(Math.floor(SIZE / unit.length)));
      // Twenty times, with every second byte a delimiter of its own; a buffer for each part made it two hundred.
      expect(cost(body)).toBeLessThan(60 * cost(plain) + 20);
    });
  }

  it("still counts each part with its length", () => {
    const text = (body: string) => new TextDecoder().decode(canonicalBody(bytes(body), TYPE));
    expect(text(`--a\r\none\r\n--a\r\n${"two".repeat(30)}\r\n--a--`)).toBe(
      `parts\nmultipart/form-data; boundary=\n:0\r\none:5\r\n${"two".repeat(30)}:92--:2`,
    );
  });
});
