import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openTill } from "./till.js";

const till = openTill();
const data = () => `/_next/data/${readFileSync(new URL("app/.next/BUILD_ID", import.meta.url), "utf8")}`;

/** What every paid answer of the test app has, and no other; file names do not count. */
const bytes = /premium(?!\.)/;

/** The paid work of the test app. */
const work = [
  "items",
  "slug",
  "optional",
  "only",
  "image",
  "static",
  "revalidated",
  "does",
  "article",
  "action",
  "ssr",
];
const done = () => work.reduce((sum, name) => sum + till.runs(name), 0);

/** Asks unpaid, and expects neither paid work nor paid bytes. */
async function expectShut(path: string, init: RequestInit = {}): Promise<Response> {
  const before = done();
  const response = await till.get(path, init);
  const said = `${init.method ?? "GET"} ${path} ${JSON.stringify(init.headers ?? {})}`;
  expect(await response.clone().text(), said).not.toMatch(bytes);
  expect(done(), said).toBe(before);
  return response;
}

const pages = ["/article/one", "/article/fixed", "/ssr", "/ssg", "/premium.txt"];

describe("P17 a page behind paidProxy", () => {
  it.each(pages)("costs for every verb: %s", async (path) => {
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]) {
      expect((await expectShut(path, { method })).status, method).toBe(402);
    }
  });

  it.each(pages)("costs for the requests of Next's own client: %s", async (path) => {
    const requests: HeadersInit[] = [
      { rsc: "1" },
      { rsc: "1", "next-router-prefetch": "1" },
      { rsc: "1", "next-router-prefetch": "1", "next-router-segment-prefetch": "/_tree" },
      { rsc: "1", "next-router-state-tree": "%5B%22%22%5D", "next-url": path },
      { purpose: "prefetch", "x-middleware-prefetch": "1" },
      { "x-nextjs-data": "1" },
      { "next-action": "0".repeat(42), accept: "text/x-component" },
    ];
    for (const headers of requests) {
      for (const method of ["GET", "POST"]) expect((await expectShut(path, { method, headers })).status).toBe(402);
      await expectShut(`${path}?_rsc=abc12`, { headers });
    }
    const form = new FormData();
    form.set("$ACTION_ID_0", "");
    expect((await expectShut(path, { method: "POST", body: form })).status).toBe(402);
  });

  it("costs under the file names of its prerendered parts", async () => {
    const files = [
      ".rsc",
      ".prefetch.rsc",
      ".html",
      ".segments/_tree.segment.rsc",
      ".segments/_full.segment.rsc",
      ".txt",
      ".json",
      "/",
    ];
    for (const path of pages) for (const file of files) await expectShut(path + file);
  });

  it("is not reached by other spellings of its path", async () => {
    const spellings = [
      "//article/fixed",
      "/article//fixed",
      "/ARTICLE/fixed",
      "/%61rticle/fixed",
      "/./article/fixed",
      "/x/../article/fixed",
    ];
    spellings.push(
      "/article%2ffixed",
      "/article/fixed%20",
      "/article/fixed;x",
      "/article/%2e/fixed",
      "\\article\\fixed",
      "/article/fixed#x",
    );
    spellings.push(
      "/index/../ssg",
      "/%73sg",
      "/ssg/index",
      "/premium%2etxt",
      "/%70remium.txt",
      "/./premium.txt",
      "//premium.txt",
    );
    for (const path of spellings) {
      const before = done();
      const answer = await till.raw(`GET ${path} HTTP/1.1`);
      expect(answer.body.toString(), path).not.toMatch(bytes);
      expect(done(), path).toBe(before);
    }
  });
});

describe("P18 headers of Next's own", () => {
  const spellings = ["proxy", "middleware", "src/middleware", "pages/_middleware", "src/proxy"];
  const headers: [string, string][] = [
    ...spellings.map((name): [string, string] => ["x-middleware-subrequest", name]),
    ...spellings.map((name): [string, string] => ["x-middleware-subrequest", Array(5).fill(name).join(":")]),
    ["x-middleware-subrequest-id", "1"],
    ["x-middleware-rewrite", "/real/free"],
    ["x-middleware-next", "1"],
    ["x-middleware-skip", "1"],
    ["x-middleware-invoke", "1"],
    ["x-middleware-set-cookie", "a=1"],
    ["x-middleware-override-headers", "x-middleware-subrequest"],
    ["x-invoke-path", "/real/free"],
    ["x-invoke-query", "%7B%7D"],
    ["x-invoke-output", "/real/free"],
    ["x-invoke-status", "200"],
    ["x-matched-path", "/real/free"],
    ["x-now-route-matches", "1=free"],
    ["x-nextjs-data", "1"],
    ["x-nextjs-rewrite", "/real/free"],
    ["x-prerender-revalidate", "1"],
    ["next-resume", "1"],
    ["cookie", "__prerender_bypass=1; __next_preview_data=1"],
  ];

  it.each(headers)("%s: %s opens neither a paid route nor a paid page", async (name, value) => {
    for (const path of ["/real/items/7", "/real/slug/a", ...pages]) {
      await expectShut(path, { headers: { [name]: value } });
      await expectShut(path, { method: "POST", headers: { [name]: value } });
    }
  });
});

describe("P19 pages under locales and as data", () => {
  it("cost in every locale and spelling of it", async () => {
    for (const locale of ["/en", "/fr", "/FR", "/Fr"]) {
      for (const path of ["/ssr", "/ssg", "/article/one"]) {
        await expectShut(locale + path);
        await expectShut(`${locale}${path}`, { headers: { "x-nextjs-data": "1" } });
      }
    }
  });

  it("cost as Next's data files", async () => {
    for (const locale of ["", "/en", "/fr", "/FR"]) {
      for (const page of ["ssr", "ssg"]) {
        for (const headers of [{}, { "x-nextjs-data": "1" }]) {
          await expectShut(`${data()}${locale}/${page}.json`, { headers });
        }
      }
    }
  });
});

// Next serves these without asking a proxy whose matcher names the page alone; the test app's matcher names them too.
describe("P19 data files under a locale", () => {
  it.each(["/en", "/fr", "/FR"])(
    "cost with the matcher that paidProxy's own documentation gives: %s",
    async (locale) => {
      for (const page of ["ssr", "ssg"]) {
        for (const headers of [{}, { "x-nextjs-data": "1" }]) {
          for (const inner of ["", "/en", "/fr"])
            await expectShut(`${locale}${data()}${inner}/${page}.json`, { headers });
        }
      }
    },
  );
});

describe("P20 the image optimizer", () => {
  it("gives no bytes of a paid image", async () => {
    for (const url of [
      "/real/image",
      "/premium.png",
      "/premium.png?x=1",
      "//127.0.0.1/premium.png",
      "/x/../premium.png",
    ]) {
      const answer = await till.get(`/_next/image?url=${encodeURIComponent(url)}&w=64&q=75`);
      expect(answer.status, url).toBeGreaterThanOrEqual(400);
      expect(answer.headers.get("content-type") ?? "", url).not.toMatch(/^image/);
    }
    expect(till.runs("image")).toBe(0);
  });
});

describe("P21 catch-alls", () => {
  it("cost at every depth", async () => {
    for (const path of ["/a", "/a/b", "/a/b/c/d/e", "/a%2Fb", "/%2e%2e/x"]) await expectShut(`/real/slug${path}`);
    for (const path of ["", "/a", "/a/b", "/a/b/c/d/e"])
      expect((await expectShut(`/real/optional${path}`)).status).toBe(402);
    const { response } = await till.buy("/real/slug/a/b");
    expect(await response.json()).toEqual({ premium: ["a", "b"] });
    expect((await till.buy("/real/optional")).response.status).toBe(200);
  });
});

describe("P22 rewrites and redirects", () => {
  it("to a paid route cost as it does", async () => {
    for (const path of ["/alias/7", "/before/7"]) expect((await expectShut(path)).status).toBe(402);
    expect((await expectShut("/moved/7")).headers.get("location")).toBe("/real/items/7");
    const { response } = await till.buy("/alias/7");
    expect(await response.json()).toMatchObject({ premium: "7" });
  });
});
