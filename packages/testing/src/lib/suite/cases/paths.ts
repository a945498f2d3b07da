import { expect } from "vitest";
import type { Casebook } from "../casebook.js";
import { expectChallenge, expectShut, problemOf, resourceOf } from "../expectations.js";
import type { RoutePlan } from "../stage.js";

const unpaid = { h: 0, v: 0, s: 0, c: 0 };
const bought = { h: 1, v: 1, s: 1, c: 1 };

/** P01 to P04, P07 to P10, P25: no spelling of a path or method reaches a paid handler unpaid. */
export function testPaths({ check }: Casebook): void {
  check("P01 asks the same payment for HEAD as for GET, and sends no body", async (open) => {
    const shop = await open();
    const get = await shop.raw(["GET /paid HTTP/1.1"]);
    const head = await shop.raw(["HEAD /paid HTTP/1.1"]);
    expect(head.status).toBe(402);
    expect(head.header("payment-required")).toBe(get.header("payment-required"));
    expect(head.header("content-type")).toBe(get.header("content-type"));
    expect(head.body).toHaveLength(0);
    shop.counted(unpaid);
  });

  check("P02 charges a paid HEAD as a GET", async (open) => {
    const shop = await open();
    const { response, receipt } = await shop.buy("/paid", {}, { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(receipt?.transaction).toBe(shop.facilitator.charges[0]?.transaction);
    expect(await response.text()).toBe("");
    shop.counted(bought);
  });

  check("P03 does not take another host from an absolute-form request line", async (open) => {
    const shop = await open();
    for (const target of [
      "http://evil.example/paid",
      "http://evil.example:80/paid?x=1",
      "http://user@evil.example/paid",
    ]) {
      const answer = await shop.raw([`GET ${target} HTTP/1.1`]);
      expectShut(answer, target);
      expect(resourceOf(answer) ?? "", target).not.toContain("evil");
    }
    shop.counted(unpaid);
  });

  check("P04 asks payment for absolute forms of its own address too", async (open) => {
    const shop = await open();
    const { host } = new URL(shop.origin);
    for (const target of [
      `http://${host}/paid`,
      `https://${host}/paid`,
      `HTTP://${host}/paid`,
      `http://${host}//paid`,
    ]) {
      expectShut(await shop.raw([`GET ${target} HTTP/1.1`]), target);
    }
    shop.counted(unpaid);
  });

  check("P07 serves nothing through doubled slashes around a parameter", async (open) => {
    const shop = await open({ routes: [{ id: "raw", path: ["f", { param: "name" }, "raw"], price: "$0.01" }] });
    for (const slashes of ["//", "///", "//////////"]) {
      expectShut(await shop.raw([`GET /f${slashes}raw HTTP/1.1`]), slashes);
      expectShut(await shop.raw([`GET /f${slashes}x${slashes}raw HTTP/1.1`]), slashes);
    }
    shop.counted(unpaid, "raw");
  });

  check("P08 serves nothing for encoded separators, controls and broken escapes in a parameter", async (open) => {
    const shop = await open({ routes: [user] });
    const pieces = [
      "%2F",
      "%5C",
      "%252F",
      "%25",
      "%00",
      "%0a",
      "%0d%0a",
      "%E2%80%A8",
      "%3F",
      "%23",
      "%c0",
      "%",
      "%2e%2e",
    ];
    for (const piece of [...pieces, ...pieces.map((piece) => `a${piece}b`)]) {
      expectShut(await shop.raw([`GET /u/${piece} HTTP/1.1`]), piece);
    }
    shop.counted(unpaid, "user");
  });

  check("P08b charges for a parameter with an encoded separator once it is paid", async (open) => {
    const shop = await open({ routes: [{ ...user, handle: ({ params }) => ({ body: params.id ?? "" }) }] });
    const { response } = await shop.buy("/u/caf%C3%A9%20au");
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/^caf(é|%C3%A9)( |%20)au$/);
    shop.counted(bought, "user");
  });

  check("P09 serves nothing for an empty parameter", async (open) => {
    const shop = await open({ routes: [user] });
    for (const target of ["/u/", "/u/#b", "/u//", "/u/?id=1", "/u"]) {
      const answer = await shop.raw([`GET ${target} HTTP/1.1`]);
      expectShut(answer, target);
    }
    shop.counted(unpaid, "user");
  });

  check("P10 serves nothing for other spellings of a priced path", async (open) => {
    const shop = await open();
    const targets = ["/PAID", "/Paid", "/paid/", "//paid", "///paid", "/paid//", "/paid;x", "/paid;a=1", "/paid%20"];
    targets.push(
      "/%70aid",
      "/%2570aid",
      "/./paid",
      "/x/../paid",
      "/%2e/paid",
      "/paid/.",
      "/paid?",
      "/paid?a=1",
      "/paid#x",
    );
    for (const target of targets) expectShut(await shop.raw([`GET ${target} HTTP/1.1`]), target);
    shop.counted(unpaid);
  });

  check("P25 does not let X-HTTP-Method-Override change what is asked", async (open) => {
    const post: RoutePlan = { id: "post", method: "POST", path: ["paid"] };
    const shop = await open({
      routes: [
        { path: ["paid"], price: "$0.01" },
        { ...post, price: "free" },
      ],
    });
    for (const name of ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]) {
      expectChallenge(await shop.get("/paid", { headers: { [name]: "POST" } }), name);
    }
    expectChallenge(await shop.get("/paid?_method=POST"));
    shop.counted(unpaid);
    expect(shop.runs("post")).toBe(0);
  });
}

const user: RoutePlan = { id: "user", path: ["u", { param: "id" }], price: "$0.01" };

/** P23, P24: methods. */
export function testVerbs({ check }: Casebook): void {
  const preflight = { origin: "https://app.example", "access-control-request-method": "GET" };

  check("P23 lets the app answer a preflight, free", async (open) => {
    const headers = [
      ["access-control-allow-origin", "*"],
      ["access-control-allow-headers", "payment-signature"],
    ] as const;
    const options: RoutePlan = {
      id: "preflight",
      method: "OPTIONS",
      path: ["paid"],
      handle: () => ({ status: 204, headers }),
    };
    const shop = await open({ routes: [{ path: ["paid"], price: "$0.01" }, options] });
    const response = await shop.get("/paid", { method: "OPTIONS", headers: preflight });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("payment-required")).toBeNull();
    shop.counted(unpaid);
  });

  check("P23b asks no payment for OPTIONS where the app has no answer of its own", async (open) => {
    const shop = await open();
    const response = await shop.get("/paid", { method: "OPTIONS", headers: preflight });
    expect(response.status).not.toBe(402);
    expect(response.status).toBeLessThan(500);
    shop.counted(unpaid);
  });

  const all: RoutePlan = { id: "all", method: "ALL", path: ["all"], verb: "GET", price: "$0.01" };

  check("P24 answers 405 with Allow for a verb that the table leaves out", async (open) => {
    const shop = await open({ routes: [all] });
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const response = await shop.get("/all", { method });
      expect(response.status, method).toBe(405);
      expect(response.headers.get("allow"), method).toMatch(/\bGET\b/);
      expect(await problemOf(response), method).toBe("verb_not_listed");
    }
    expectChallenge(await shop.get("/all"));
    shop.counted(unpaid, "all");
  });

  check("P24b serves no unusual verb of a priced path unpaid", async (open) => {
    const shop = await open({ routes: [all] });
    for (const method of ["PURGE", "QUERY", "TRACE", "PROPFIND", "get", "FOO"]) {
      const answer = await shop.raw([`${method} /all HTTP/1.1`]);
      expect(answer.status, method).toBeGreaterThanOrEqual(400);
      // TRACE is beyond what a Fetch request can hold, so some frameworks fail on it by themselves.
      if (method !== "TRACE") expect(answer.status, method).not.toBe(500);
    }
    shop.counted(unpaid, "all");
  });

  check("P24c opens a verb that the table lists as free", async (open) => {
    const get: RoutePlan = { id: "get", path: ["both"], price: "$0.01" };
    const post: RoutePlan = { id: "post", method: "POST", path: ["both"], price: "free" };
    const shop = await open({ routes: [get, post] });
    expect((await shop.get("/both", { method: "POST" })).status).toBe(200);
    expectChallenge(await shop.get("/both"));
    expect([shop.runs("get"), shop.runs("post")]).toEqual([0, 1]);
  });
}
