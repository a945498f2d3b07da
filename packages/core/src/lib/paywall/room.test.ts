import { describe, expect, it } from "vitest";
import { bytesOf, createRoom } from "./room.js";

const MIB = 1_048_576;
const request = (method: string, headers: Record<string, string>) => ({
  method,
  header: (name: string) => headers[name],
});

describe("createRoom", () => {
  it("gives an address no more than its part, and again what has left, once", () => {
    const room = createRoom(true);
    const leaves = Array.from({ length: 16 }, () => room.enter("a", MIB));
    expect(room.enter("a", 1)).toBeUndefined();
    expect(room.enter("b", MIB)).toBeDefined();
    leaves[0]?.();
    leaves[0]?.();
    expect(room.enter("a", MIB)).toBeDefined();
    expect(room.enter("a", 1)).toBeUndefined();
  });

  it("lets in small requests only where others have taken all there is", () => {
    const room = createRoom(true);
    for (let client = 0; client < 16; client++) {
      for (let i = 0; i < 16; i++) expect(room.enter(`${client}`, MIB)).toBeDefined();
    }
    expect(room.enter("new", MIB)).toBeUndefined();
    expect(room.enter(undefined, MIB)).toBeUndefined();
    expect(room.enter("new", 20_000)).toBeDefined();
  });

  it("counts nothing where nothing is limited", () => {
    const room = createRoom(false);
    for (let i = 0; i < 1_000; i++) expect(room.enter("a", MIB)).toBeDefined();
  });
});

describe("bytesOf", () => {
  it("goes by the declared length, and takes what has none for the largest", () => {
    expect(bytesOf(request("GET", {}))).toBe(16_384);
    expect(bytesOf(request("POST", { "content-length": "100" }))).toBe(16_484);
    for (const headers of [
      {},
      { "transfer-encoding": "chunked" },
      { "transfer-encoding": "chunked", "content-length": "1" },
      { "content-length": "99999999999" },
      { "content-length": "-1" },
      { "content-length": "x" },
    ]) {
      expect(bytesOf(request("POST", headers))).toBe(16_384 + MIB);
    }
  });
});
