import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, encodeBase64 } from "./base64.js";
import { decodeHeader, encodeHeader, MAX_HEADER_LENGTH } from "./header.js";

const codes = ["header_too_large", "invalid_base64", "invalid_json"];
const base64 = (text: string | Uint8Array): string => Buffer.from(text as string).toString("base64");

/** JSON documents as clients write them: no inherited names, no deceiving text, not too deep or wide. */
const wellFormed = fc
  .jsonValue({ maxDepth: 6 })
  .filter((value) => base64(JSON.stringify(value)).length <= MAX_HEADER_LENGTH)
  .filter(
    (value) =>
      !/__proto__|constructor|prototype|\\u0000|\\ud|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/i.test(
        JSON.stringify(value),
      ),
  );

describe("base64", () => {
  it("agrees with Node on every byte sequence", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const text = encodeBase64(bytes);
        expect(text).toBe(base64(bytes));
        expect(decodeBase64(text)).toEqual(bytes);
        expect(decodeBase64(text.replace(/=+$/, ""))).toEqual(bytes);
      }),
    );
  });

  it("decodes a text only if encoding gives it back, padding apart", () => {
    const letters = fc.string({ unit: fc.constantFrom(..."ABCDwxyz0189+/=-_ \n"), maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(letters, fc.string(), fc.base64String()), (text) => {
        const bytes = decodeBase64(text);
        if (bytes) expect(encodeBase64(bytes).replace(/=+$/, "")).toBe(text.replace(/={1,2}$/, ""));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("H01 the header codec", () => {
  it("gives back every document that it has written", () => {
    fc.assert(
      fc.property(wellFormed, (value) => {
        const header = encodeHeader(value);
        expect(header).toMatch(/^[A-Za-z0-9+/]*={0,2}$/);
        expect(decodeHeader(header)).toEqual({ value: JSON.parse(JSON.stringify(value)) as unknown });
      }),
      { numRuns: 1_000 },
    );
  });

  it("never throws, and names what is wrong by a code of its own", () => {
    const noise = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }).map(base64),
      fc.json({ maxDepth: 4 }).map(base64),
      fc.tuple(fc.json(), fc.nat(200)).map(([json, cut]) => base64(json).slice(0, cut)),
    );
    fc.assert(
      fc.property(noise, (text) => {
        const decoded = decodeHeader(text);
        if ("code" in decoded) {
          expect(codes).toContain(decoded.code);
          expect(decoded.detail).toMatch(/\S/);
        } else {
          expect(decoded).toHaveProperty("value");
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("H02 refuses what is too long before it looks at it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200_000 }), (more) => {
        expect(decodeHeader("A".repeat(MAX_HEADER_LENGTH + more))).toMatchObject({ code: "header_too_large" });
      }),
      { numRuns: 50 },
    );
  });

  it("is not exhausted by the deepest document that a header can hold", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      const depth = Math.floor(6_000 / (open.length + close.length));
      const text = `${open.repeat(depth)}1${close.repeat(depth)}`;
      expect(decodeHeader(base64(text))).toMatchObject({ code: "invalid_json" });
    }
  });
});

describe("H03 the header codec refuses", () => {
  it("documents that are nested too deep", () => {
    fc.assert(
      fc.property(fc.integer({ min: 17, max: 300 }), fc.boolean(), (depth, arrays) => {
        const text = arrays ? "[".repeat(depth) + "]".repeat(depth) : `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
        expect(decodeHeader(base64(text))).toMatchObject({ code: "invalid_json" });
      }),
    );
  });

  it("documents with too many keys, and no others", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), (count) => {
        const value = Object.fromEntries(Array.from({ length: count }, (_, index) => [index.toString(36), 0]));
        expect("value" in decodeHeader(base64(JSON.stringify(value)))).toBe(count <= 256);
      }),
    );
  });
});

describe("H04 the header codec", () => {
  /** A document in which a member's text appears at some depth. */
  const around = fc.tuple(fc.array(fc.constantFrom("accepted", "payload", "x"), { maxLength: 6 }), fc.boolean());
  const nest = (keys: readonly string[], inArray: boolean, member: string): string =>
    keys.reduce((inner, key) => `{"${key}":${inArray ? `[${inner}]` : inner}}`, `{${member}}`);

  it("refuses names of inherited members at every depth, and pollutes nothing", () => {
    const key = fc.constantFrom("__proto__", "constructor", "prototype", "\\u005f_proto__");
    fc.assert(
      fc.property(around, key, ([keys, inArray], name) => {
        const text = nest(keys, inArray, `"${name}":{"polluted":1}`);
        expect(decodeHeader(base64(text))).toMatchObject({ code: "invalid_json" });
        expect(({} as { polluted?: number }).polluted).toBeUndefined();
      }),
    );
  });

  it("refuses a key that is repeated, however it is spelt", () => {
    const pair = fc.constantFrom(
      ["a", "a"],
      ["a", "\\u0061"],
      ["x402Version", "x402Versio\\u006e"],
      ['\\"', "\\u0022"],
      ["", ""],
    );
    fc.assert(
      fc.property(around, pair, ([keys, inArray], [first, second]) => {
        const text = nest(keys, inArray, `"${first}":1,"z":":","${second}":2`);
        expect(decodeHeader(base64(text))).toMatchObject({ code: "invalid_json" });
      }),
    );
  });

  it("takes inherited names that are only text, as data", () => {
    fc.assert(
      fc.property(fc.constantFrom("toString", "hasOwnProperty", "valueOf"), (name) => {
        const decoded = decodeHeader(base64(JSON.stringify({ [name]: "__proto__" })));
        expect(decoded).toEqual({ value: { [name]: "__proto__" } });
      }),
    );
  });
});

describe("H05 the header codec refuses", () => {
  it("bytes that are not UTF-8, wherever they stand", () => {
    const bad = fc.constantFrom(
      [0xff],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xe2, 0x82],
      [0xf8, 0x88, 0x80, 0x80],
      [0x80],
    );
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii", maxLength: 20 }), bad, (text, bytes) => {
        const json = Buffer.concat([
          Buffer.from(JSON.stringify(text).slice(0, -1)),
          Buffer.from(bytes),
          Buffer.from('"'),
        ]);
        expect(decodeHeader(base64(json))).toMatchObject({ code: "invalid_base64" });
      }),
    );
  });

  it("byte order marks, NUL, lone surrogates and bidirectional controls in keys and values", () => {
    const deceiving = fc.constantFrom(
      "\\u0000",
      "\\ud800",
      "\\udc00",
      "\\u202e",
      "\u202e",
      "\u2066",
      "\u200f",
      "\\u061C",
    );
    fc.assert(
      fc.property(deceiving, fc.boolean(), fc.stringMatching(/^[a-z]{0,8}$/), (text, inKey, around) => {
        const json = inKey ? `{"${around}${text}":1}` : `{"a":["${around}${text}${around}"]}`;
        expect(decodeHeader(base64(json))).toMatchObject({ code: "invalid_json" });
        expect(decodeHeader(base64("\ufeff{}"))).toMatchObject({ code: "invalid_json" });
      }),
    );
  });
});
