import { type Path, type Plan, placedRoutes } from "./plan.js";
import type { Random } from "./random.js";

/** One request as it goes over the wire, without the id. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
}

const methods = [
  "GET",
  "GET",
  "GET",
  "GET",
  "GET",
  "GET",
  "HEAD",
  "HEAD",
  "POST",
  "PUT",
  "OPTIONS",
  "DELETE",
  "TRACE",
  "PATCH",
  "get",
  "QUERY",
];

/** Paths that are worth asking for: what routes and prices name, and what lies below. */
export function plainPaths(plan: Plan): string[] {
  const paths = placedRoutes(plan.root).map(({ path }) => path);
  for (const { path } of plan.table) paths.push(path);
  const below = plan.fallback?.below ?? [];
  for (const file of files) paths.push([...below, ...file.split("/").slice(1)]);
  return paths.flatMap((path) => examples(path)).map((path) => `/${path.map(encodeURIComponent).join("/")}`);
}

/** What the folder of the file servers holds. */
export const files = [
  "/premium/report.html",
  "/premium/index.html",
  "/premium/x",
  "/docs/index.html",
  "/docs/a.b",
  "/api/data-1",
  "/API/x",
  "/index.html",
];

/** Plain paths that a pattern stands for. */
export function examples(path: Path): string[][] {
  let lines: string[][] = [[]];
  for (const piece of path) {
    if (typeof piece === "string") lines = lines.map((line) => [...line, piece]);
    else if ("rest" in piece)
      lines = lines.flatMap((line) => [
        [...line, "x"],
        [...line, "report.html"],
        [...line, "x", "y"],
      ]);
    else if (piece.optional) lines = lines.flatMap((line) => [line, [...line, "42"]]);
    else lines = lines.map((line) => [...line, "42"]);
  }
  return lines;
}

const percent = (text: string, lower: boolean) => {
  const bytes = [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  return lower ? bytes : bytes.toUpperCase();
};
const at = (text: string, random: Random, change: (character: string) => string): string => {
  if (text === "") return text;
  const place = random.below(text.length);
  return text.slice(0, place) + change(text.charAt(place)) + text.slice(place + 1);
};
const slash = (text: string, random: Random, by: string): string => {
  const places = [...text.matchAll(/\//g)].map(({ index }) => index);
  if (places.length === 0) return text + by;
  const place = random.pick(places);
  return text.slice(0, place) + by + text.slice(place + 1);
};
const insert = (text: string, random: Random, what: string): string => {
  const place = random.below(text.length + 1);
  return text.slice(0, place) + what + text.slice(place);
};

type Change = (path: string, random: Random) => string;
const changes: readonly Change[] = [
  (path, random) => at(path, random, (character) => percent(character, random.chance(0.5))),
  (path, random) => at(path, random, (character) => percent(character, random.chance(0.5))),
  (path, random) => at(path, random, (character) => percent(character, true).replaceAll("%", "%25")),
  (path, random) =>
    slash(path, random, random.pick(["//", "///", "/./", "/x/../", "/%2e/", "/x/%2e%2e/", "/.//", "/..;/"])),
  (path, random) => slash(path, random, random.pick(["%2f", "%2F", "\\", "%5c", "/%5C", "%252f", "\\\\"])),
  (path, random) => slash(path, random, random.pick([";/", ";v=1/", "/;/", "/;a=b/", ";a%2f/"])),
  (path) => `/${path}`,
  (path, random) => random.pick(["//x", "/\\x", "/%2fx", "///x:1"]) + path,
  (path) => `/x/..${path}`,
  (path) => `/x/%2E%2e${path}`,
  (path) => `/..${path}`,
  (path) => `/.${path}`,
  (path) => `/;${path}`,
  (path, random) =>
    random.pick([
      "/x#/..",
      "/#/..",
      "/x#y/../..",
      "/docs#/%2e%2e",
      "/x%23/%2e%2e",
      "/x%3f/%2e%2e",
      "/%23%2f..",
      "/x\\#\\..",
    ]) + path,
  (path, random) =>
    path +
    random.pick([
      "/",
      "//",
      "/.",
      "/./",
      "/..",
      "/x/..",
      ".",
      "%20",
      " ",
      "%00",
      ";",
      "%2f",
      "%09",
      "%0a",
      "\\",
      "/%2e",
    ]),
  (path, random) =>
    path + random.pick(["?", "?a=1", "#x", "%23x", "%3fx", "?/../x", "#/../x", "?x=/premium/x", "&", ";?"]),
  (path, random) =>
    at(path, random, (character) =>
      character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase(),
    ),
  (path) => path.toUpperCase(),
  (path) => path.toLowerCase(),
  (path, random) =>
    insert(
      path,
      random,
      random.pick(["%c0%af", "%ff", "%e2%80%8b", "%00", "%", "%zz", "%u002f", "%c0%ae", "%ef%bc%8f"]),
    ),
  (path) => path.replace(/%C3%A9/gi, "e%CC%81"),
  (path) => path.replace(/%C3%A9/gi, "\u00c3\u00a9"),
  (path, random) =>
    `${random.pick(["http://shop.example", "https://shop.example:443", "HTTP://x", "http://x@y", "http:"])}${path}`,
  (path, random) => path.replace(/^\/?/, random.pick(["", "", "*", "*/", "?/", "x:/", "http://x?/", "http:\\\\x/"])),
  (path) => path.replaceAll("%20", "+"),
  (path, random) => path.replace(/[ks]/i, random.pick(["%E2%84%AA", "%C5%BF"])),
];

const extras = [
  "x-http-method-override",
  "x-original-url",
  "x-rewrite-url",
  "x-forwarded-prefix",
  "x-forwarded-host",
  "x-method-override",
];

/** A spelling of some path of the app, under some method and with some headers. */
export function spell(random: Random, paths: readonly string[]): RawRequest {
  let target = random.chance(0.02) ? random.pick(["*", "/", "//", "/..", "/%", "http://x"]) : random.pick(paths);
  for (let left = random.pick([0, 1, 1, 1, 2, 2, 3]); left > 0; left--) target = random.pick(changes)(target, random);
  const headers: string[] = [];
  if (random.chance(0.12)) {
    const name = random.pick(extras);
    headers.push(
      `${name}: ${name.includes("method") ? random.pick(["GET", "POST", "OPTIONS", "get"]) : name.includes("host") ? "evil.example" : random.pick(paths)}`,
    );
  }
  if (random.chance(0.02)) headers.push("Host: other.example");
  if (random.chance(0.03)) headers.push("Origin: http://evil.example", "Access-Control-Request-Method: GET");
  if (random.chance(0.02)) headers.push("Range: bytes=0-5");
  return { method: random.pick(methods), target, headers };
}

/** A request as it is printed. */
export const show = ({ method, target, headers }: RawRequest): string =>
  [JSON.stringify(`${method} ${target}`), ...headers.map((header) => JSON.stringify(header))].join(" ");
