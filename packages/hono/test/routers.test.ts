import { Hono } from "hono";
import { type Router, UnsupportedPathError } from "hono/router";
import { LinearRouter } from "hono/router/linear-router";
import { PatternRouter } from "hono/router/pattern-router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import { describe, expect, it } from "vitest";
import { paywall } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();

// biome-ignore lint/suspicious/noExplicitAny: what a router holds is Hono's own affair
type AnyRouter = Router<any>;

const routers: [name: string, make: () => AnyRouter][] = [
  ["SmartRouter", () => new SmartRouter({ routers: [new RegExpRouter(), new TrieRouter()] })],
  ["RegExpRouter", () => new RegExpRouter()],
  ["TrieRouter", () => new TrieRouter()],
  ["LinearRouter", () => new LinearRouter()],
  ["PatternRouter", () => new PatternRouter()],
];

/** Patterns as a seller writes them in the table and, where Hono wants it otherwise, in the app. */
const patterns: [table: string, app?: string][] = [
  ["/paid"],
  ["/w/", "/w"],
  ["/w/", "/w/"],
  ["/caf%C3%A9", "/café"],
  ["/a b"],
  ["/items/:id"],
  ["/items/:id/raw"],
  ["/r/:id{[0-9]+}"],
  ["/r/:id{[0-9]+}/x"],
  ["/r/:id{one|two}"],
  ["/z/:p{.+}"],
  ["/z/:p{.+}/end"],
  ["/o/:id?"],
  ["/files/*"],
  ["/files/*/raw"],
  ["/*"],
];

const pieces = [
  "",
  "paid",
  "PAID",
  "w",
  "items",
  "r",
  "z",
  "o",
  "files",
  "caf%C3%A9",
  "café",
  "a%20b",
  "7",
  "12abc",
  "one",
  "twox",
];
pieces.push(
  "raw",
  "x",
  "end",
  "%70aid",
  "%2570aid",
  "a%2Fb",
  "%5C",
  "%00",
  "%0a",
  "%E2%80%A8",
  "%3F",
  "%c0",
  "%",
  "a;x",
  "..",
  "%2e",
);

const deep = ["7", "12abc", "one", "a%2Fb", "%0a", ""];

/** Every path of two pieces, and some of three. */
function* paths(): Generator<string> {
  for (const a of pieces) {
    yield `/${a}`;
    for (const b of pieces) yield `/${a}/${b}`;
  }
  for (const a of ["items", "r", "z", "o", "files", "w", ""]) {
    for (const b of deep) for (const c of ["", "raw", "x", "end", "/"]) yield `/${a}/${b}/${c}`;
  }
}

const all = [...paths()];

function serve(app: Hono, pattern: string): () => number {
  let runs = 0;
  app.get(pattern, (c) => {
    runs++;
    return c.text("bytes");
  });
  return () => runs;
}

async function supports(app: Hono): Promise<boolean> {
  try {
    await app.request("/");
    return true;
  } catch (error) {
    if (error instanceof UnsupportedPathError) return false;
    throw error;
  }
}

describe.each(routers)("under %s", (_, router) => {
  it.each(patterns)("whatever the app serves by %s is asked a payment for", async (pattern, served = pattern) => {
    for (const strict of [true, false]) {
      const bare = new Hono({ router: router(), strict });
      const guarded = new Hono({ router: router(), strict });
      guarded.use(paywall(till.config({ routes: { [`GET ${pattern}`]: "$0.01" } as const })));
      const hits = serve(bare, served);
      const runs = serve(guarded, served);
      if (!(await supports(bare))) return;
      for (const path of all) {
        if ((await bare.request(path)).status !== 200) continue;
        expect((await guarded.request(path)).status, path).toBe(402);
      }
      expect(hits()).toBeGreaterThan(0);
      expect(runs()).toBe(0);
    }
  });
});
