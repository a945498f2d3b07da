import { describe, expect, it } from "vitest";
import { decodeBase64, encodeBase64 } from "./base64.js";
import { decodeHeader, encodeHeader, MAX_HEADER_LENGTH } from "./header.js";

const encode = (text: string | Uint8Array) => Buffer.from(text as string).toString("base64");
const code = (text: string) => {
  const decoded = decodeHeader(text);
  return "code" in decoded ? decoded.code : decoded.value;
};

describe("the header codec", () => {
  it("12 writes the bytes of the specification's examples", () => {
    const receipt = {
      success: true,
      transaction: "0x1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef",
      network: "eip155:84532",
      payer: "0x857b06519E91e3A54538791bDbb0E22373e36b66",
    };
    const text =
      "eyJzdWNjZXNzIjp0cnVlLCJ0cmFuc2FjdGlvbiI6IjB4MTIzNDU2Nzg5MGFiY2RlZjEyMzQ1Njc4OTBhYmNkZWYxMjM0NTY3ODkwYWJjZGVmMTIzNDU2Nzg5MGFiY2RlZiIsIm5ldHdvcmsiOiJlaXAxNTU6ODQ1MzIiLCJwYXllciI6IjB4ODU3YjA2NTE5RTkxZTNBNTQ1Mzg3OTFiRGJiMEUyMjM3M2UzNmI2NiJ9";
    expect(encodeHeader(receipt)).toBe(text);
    expect(decodeHeader(text)).toEqual({ value: receipt });
    const utf8 = { x402Version: 2, resource: { url: "https://a.example/é✓" }, accepts: [] };
    expect(encodeHeader(utf8)).toBe(
      "eyJ4NDAyVmVyc2lvbiI6MiwicmVzb3VyY2UiOnsidXJsIjoiaHR0cHM6Ly9hLmV4YW1wbGUvw6ninJMifSwiYWNjZXB0cyI6W119",
    );
  });

  it("agrees with the platform on every length of input", () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length * 11) & 255);
      const text = Buffer.from(bytes).toString("base64");
      expect(encodeBase64(bytes)).toBe(text);
      expect(decodeBase64(text)).toEqual(bytes);
      expect(decodeBase64(text.replace(/=+$/, ""))).toEqual(bytes);
    }
  });

  it("refuses what is not standard base64", () => {
    for (const text of [
      "",
      "=",
      "====",
      "a",
      "abc=d",
      "e30==",
      "e30 ",
      "e3\n0=",
      "e30-",
      "e_0=",
      "é30=",
      "e31=",
      "eyJ=",
      "{}",
    ]) {
      expect(code(text), text).toBe("invalid_base64");
    }
  });

  it("H02 refuses a header that is too long before it is decoded", () => {
    expect(code("A".repeat(MAX_HEADER_LENGTH + 1))).toBe("header_too_large");
    expect(code("!".repeat(1_000_000))).toBe("header_too_large");
  });

  it("H03 refuses deep nesting and many keys", () => {
    expect(code(encode(`${"[".repeat(16)}1${"]".repeat(16)}`))).not.toBe("invalid_json");
    expect(code(encode(`${"[".repeat(17)}1${"]".repeat(17)}`))).toBe("invalid_json");
    expect(code(encode("[".repeat(5000)))).toBe("invalid_json");
    expect(
      code(encode(JSON.stringify(Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`k${i}`, 0]))))),
    ).not.toBe("invalid_json");
    expect(code(encode(JSON.stringify(Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`k${i}`, 0])))))).toBe(
      "invalid_json",
    );
  });

  it("H04 refuses keys that reach into prototypes, and keys that stand twice", () => {
    for (const json of [
      '{"__proto__":{"a":1}}',
      '{"a":{"constructor":{}}}',
      '{"prototype":1}',
      '{"a":1,"a":2}',
      '{"b":{"a":1,"a":1}}',
      '{"a":1,"\\u0061":2}',
    ]) {
      expect(code(encode(json)), json).toBe("invalid_json");
    }
    expect(code(encode('{"toString":1,"a":"x:y","b":"\\\\\\":"}'))).toEqual({ toString: 1, a: "x:y", b: '\\":' });
  });

  it("H05 refuses text that is not UTF-8 or that lies about itself", () => {
    expect(code(encode(Uint8Array.from([0x22, 0xc3, 0x28, 0x22])))).toBe("invalid_base64");
    expect(code(encode(Uint8Array.from([0x22, 0xed, 0xa0, 0x80, 0x22])))).toBe("invalid_base64");
    for (const json of ["\ufeff{}", '"\\ud800"', '"a\\u0000b"', '"\u202eabc"', '{"\\u2066":1}', '"\u0001"']) {
      expect(code(encode(json)), json).toBe("invalid_json");
    }
    expect(code(encode('"é ✓ 😀"'))).toBe("é ✓ 😀");
  });
});
