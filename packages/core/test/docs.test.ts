import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
/** How a code is written where it is made. */
const MADE =
  /(?:code: |report\(|bad\(|refuse\(|internalReply\(|(?:Facilitator|Store|Chain|Command|Turnpike)Error\()\s*"([a-z][a-z0-9_]+)"/g;

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes(".test"))
    .map((file) => readFileSync(join(folder, file), "utf8"));
}

it("docs/errors.md explains every code that the packages make, and no other", () => {
  const rooms = [
    "core",
    "express",
    "hono",
    "next",
    "fastify",
    "evm",
    "sqlite",
    "redis",
    "postgres",
    "durable-objects",
    "opentelemetry",
    "cli",
  ];
  const sources = rooms.flatMap((room) => sourcesOf(join(root, "packages", room, "src")));
  const made = new Set(sources.flatMap((text) => [...text.matchAll(MADE)].map(([, code]) => code as string)));
  const page = readFileSync(join(root, "docs/errors.md"), "utf8");
  const missing = [...made].filter((code) => !page.includes(`\`${code}\``));
  expect(missing).toEqual([]);
  const anchored = [...page.matchAll(/<a id="([a-z0-9_]+)">/g)].map(([, code]) => code as string);
  const everything = sources.join("\n");
  expect(anchored.filter((code) => !everything.includes(`"${code}"`))).toEqual([]);
});
