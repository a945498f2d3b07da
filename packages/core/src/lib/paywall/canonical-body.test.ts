import { describe, expect, it } from "vitest";
import { canonicalBody } from "./canonical-body.js";

const SIZE = 1_048_576;
const TYPE = "multipart/form-data; boundary=a";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Milliseconds of this process's own work in the quickest of some rounds, however busy the machine is. */
function cost(body: Uint8Array): number {
  const rounds = Array.from({ length: 7 }, () => {
    const start = process.cpuUsage();
    canonicalBody(body, TYPE);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return Math.min(...rounds);
}

describe("a form made of nothing but delimiters", () => {
  const plain = bytes(`--a\r\n${"x".repeat(SIZE - 14)}\r\n--a--\r\n`);

  for (const unit of ["\r\n--a", "\r\n--a--", "\r\n--a\r\n", "\r\n--ax", `\r\n--a${" ".repeat(64)}x`, "\r\n"]) {
    it(`takes about as long as a plain one of its size: ${JSON.stringify(unit.slice(0, 12))}`, () => {
      const body = bytes(unit.repeat(Math.floor(SIZE / unit.length)));
      // Twenty times, with every second byte a delimiter of its own; a buffer for each part made it two hundred.
      expect(cost(body)).toBeLessThan(60 * cost(plain) + 50);
    });
  }

  it("still counts each part with its length", () => {
    const text = (body: string) => new TextDecoder().decode(canonicalBody(bytes(body), TYPE));
    expect(text(`--a\r\none\r\n--a\r\n${"two".repeat(30)}\r\n--a--`)).toBe(
      `parts\nmultipart/form-data; boundary=\n:0\r\none:5\r\n${"two".repeat(30)}:92--:2`,
    );
  });
});

describe("a content type that parsers may read in several ways", () => {
  const digest = (type: string, body: string) => new TextDecoder("latin1").decode(canonicalBody(bytes(body), type));

  it.each([
    ["a boundary within quotes", 'multipart/form-data; x="; boundary=any"; boundary=b', "any"],
    ["two boundaries", "multipart/form-data; boundary=any; boundary=b", "any"],
    ["an escape", 'multipart/form-data; x="\\"; boundary=any; y="; boundary=b', "any"],
    ["a comma", "multipart/form-data, x; boundary=any", "any"],
  ])("counts whole, with all of its boundary: %s", (_, type, name) => {
    const other = type.replace(name, "other");
    const form = (boundary: string) => `--${boundary}\r\n\r\n1\r\n--${boundary}--\r\n`;
    expect(digest(type, form(name))).not.toBe(digest(other, form("other")));
    expect(digest(type, form("b"))).not.toBe(digest(other, form("b")));
  });

  it("leaves the boundary out of the usual ones", () => {
    for (const type of ["multipart/form-data; boundary=", "multipart/form-data; charset=utf-8;boundary="]) {
      const form = (boundary: string) => digest(type + boundary, `--${boundary}\r\n\r\n1\r\n--${boundary}--\r\n`);
      expect(form("one")).toBe(form("another"));
    }
    const quoted = (b: string) => digest(`multipart/form-data; boundary="${b}"`, `--${b}\r\n\r\n1\r\n--${b}--\r\n`);
    expect(quoted("one")).toBe(quoted("an other"));
  });

  it("is read in linear time", () => {
    for (const part of ['; a="', ";a=b", " ;", ";boundary=x", '"', "\t"]) {
      const start = process.cpuUsage();
      canonicalBody(bytes("x"), `multipart/form-data${part.repeat(100_000)}`);
      const { user } = process.cpuUsage(start);
      expect(user / 1000, part).toBeLessThan(500);
    }
  });
});
