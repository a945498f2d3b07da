import { compileTable } from "@turnpike/core/adapter";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { expect, it } from "vitest";
import { rememberGate, type TableGate } from "../src/lib/gates.js";
import { judgeTable } from "../src/lib/judge-table.js";
import { createLookup, type Lookup } from "../src/lib/lookup.js";
import { readPath } from "../src/lib/path.js";
import { Scene } from "../src/lib/scene.js";
import { openTill } from "./till.js";

const till = openTill();

/** How often the check of an app with so many priced routes asks its table. */
function countLookups(routes: number): number {
  const paths = Array.from({ length: routes }, (_, at) => `/r${at}/:id`);
  const source = till.config({ routes: Object.fromEntries(paths.map((path) => [`GET ${path}`, "$0.01"])) });
  const table = compileTable<Context>(source, undefined, readPath);
  const inner = createLookup(table);
  let asked = 0;
  const lookup: Lookup = {
    ...inner,
    at(...request) {
      asked++;
      return inner.at(...request);
    },
  };
  const handler: MiddlewareHandler = (_, next) => next();
  const gate: TableGate = { type: "table", handler, source, engine: table.engine, table, lookup };
  rememberGate(gate);
  const app = new Hono().use(handler);
  for (const path of paths) app.get(path, (c) => c.text("goods"));
  expect(judgeTable(new Scene(app), gate)).toEqual([]);
  return asked;
}

it("G27s asks the table as often for each of many routes as for each of few", () => {
  expect(countLookups(400) / 400).toBeLessThanOrEqual((countLookups(40) / 40) * 1.1);
});
