import { describe, expect, it } from "vitest";
import { createClients } from "./client.js";

/** The client that requests are counted with, and the warnings. */
function open() {
  const codes: unknown[] = [];
  const warn = (_: string, facts?: Readonly<Record<string, unknown>>) => void codes.push(facts?.code);
  const clients = createClients({ info: () => {}, warn, error: () => {} });
  const of = (address: string | undefined, headers: Record<string, string> = {}) =>
    clients.of({ address: () => address, header: (name) => headers[name] });
  return { of, codes };
}

describe("whom a request is counted with", () => {
  it("is its address, of IPv6 the first 64 bits", () => {
    const { of, codes } = open();
    expect(of("192.0.2.1")).toBe("192.0.2.1");
    expect(of("127.0.0.1")).toBe("127.0.0.1");
    expect(of("::ffff:192.0.2.1")).toBe("192.0.2.1");
    expect(of("::ffff:c000:201")).toBe("192.0.2.1");
    expect(of("2001:DB8:1:2:3:4:5:6")).toBe("2001:db8:1:2");
    expect(of("2001:db8:1:2::9%eth0")).toBe("2001:db8:1:2");
    expect(of("[2001:db8:1:2::9]:443")).toBe("2001:db8:1:2");
    expect(of(undefined)).toBeUndefined();
    expect(of("")).toBeUndefined();
    expect(codes).toEqual([]);
  });

  it("G34 is nobody where a proxy that the app was not told of shows its private address, and that is said once", () => {
    const { of, codes } = open();
    const inner = ["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "127.8.8.8", "100.64.0.1"];
    inner.push("::1", "fc00::1", "fdab::1", "fe80::1", "::ffff:10.0.0.1", "::ffff:7f00:1", "[::1]:5000", "169.254.1.1");
    for (const address of inner) {
      expect(of(address, { "x-forwarded-for": "203.0.113.7" }), address).toBeUndefined();
    }
    const fields = ["forwarded", "via", "x-real-ip", "x-forwarded-host", "x-forwarded-proto", "cf-connecting-ip"];
    for (const field of fields) expect(of("10.1.2.3", { [field]: "203.0.113.7" }), field).toBeUndefined();
    expect(codes).toEqual(["TURNPIKE_PROXY"]);
  });

  it("G34 is a public address, whatever was forwarded", () => {
    const { of, codes } = open();
    for (const address of ["203.0.113.7", "172.32.0.1", "172.15.0.1", "100.128.0.1", "192.169.0.1", "11.0.0.1"]) {
      expect(of(address, { "x-forwarded-for": "198.51.100.1" }), address).toBe(address);
    }
    expect(of("2001:db8::1", { via: "1.1 proxy" })).toBe("2001:db8:0:0");
    expect(codes).toEqual([]);
  });

  it("G34 is a private address that the app itself has taken from what was forwarded", () => {
    const { of, codes } = open();
    expect(of("10.1.2.3", { "x-forwarded-for": "198.51.100.1, 10.1.2.3" })).toBe("10.1.2.3");
    expect(of("10.1.2.3", { "x-forwarded-for": "10.1.2.3, 198.51.100.1" })).toBeUndefined();
    expect(codes).toEqual(["TURNPIKE_PROXY"]);
  });
});
