import { LONGEST_PATH } from "../paywall/resource-url.js";

/** Decoding rounds: a handler, a proxy and the server behind it may each decode once. */
const ROUNDS = 3;

/** What makes a path mean different things to different readers; usual paths have none of it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ambiguous = /^(?!\/)|[%\\;?#\u0000-\u0020\u007f-\uffff]|\/\/|:\/|\/\.{1,2}(?:\/|$)/;

/** Where readers end a path: at a query and a fragment, at one of them, or nowhere when they decode a path they were given. */
const ends = [/[?#].*$/s, /\?.*$/s, /#.*$/s, /$/];

/**
 * What `new URL(path, base)` takes for a scheme and a host, whose path follows: `//host`, `/http://host`. It may be behind a
 * prefix that a handler strips.
 */
const HOST = /[/\\](?:[a-z][a-z0-9+.-]{0,9}:)?[/\\]+[^/\\]*(?=[/\\])|^[/\\]{2,}[^/\\]*$/i;

/**
 * Whether a path could be read in more than one way and is too long for any of them to be offered: then it is refused
 * unread, since readings of long paths cost more than an unpaid request may.
 */
export function isTooLong(path: string): boolean {
  return path.length > LONGEST_PATH && ambiguous.test(path);
}

/**
 * The paths that a request path may stand for once a handler resolves it by itself, as file servers and proxies do: the
 * path as sent first, then its readings with percent-encoding undone, backslashes as slashes, path parameters (`;x`)
 * and control characters dropped, dot segments resolved and slashes collapsed, and without what a URL parser takes
 * for a host. All but the path as sent begin with a slash. A request costs what any of them costs.
 */
export function readings(path: string): readonly string[] {
  if (!ambiguous.test(path)) return [path];
  const found = new Set([path]);
  let text = path;
  for (let round = 0; ; round++) {
    for (const clean of cleanPaths(text)) {
      // A reader may do some of it and leave the rest.
      for (const one of new Set([clean, clean.replace(/\\/g, "/").replace(/^\/\//, "/")])) {
        for (const path of [one, collapse(one), resolveDots(one)]) found.add(encode(path));
        found.add(encode(resolveDots(collapse(one))));
        found.add(encode(collapse(resolveDots(one))));
      }
    }
    const decoded = decode(text);
    if (decoded === text || round === ROUNDS) return [...found];
    text = decoded;
  }
}

/** Undoes one round of percent-encoding; bytes beyond ASCII stay encoded, in one spelling. */
function decode(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (written, digits: string) => {
    const code = Number.parseInt(digits, 16);
    return code < 0x80 ? String.fromCharCode(code) : written.toUpperCase();
  });
}

/** The text without what readers drop of it: path parameters, the query, the fragment, a host. */
function cleanPaths(text: string): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const end of ends) {
    const path = text.replace(end, "");
    for (const one of [path, path.replace(/;[^/\\]*/g, "")]) {
      const clean = cleanPath(one);
      paths.add(clean).add(clean.replace(HOST, "") || "/");
    }
  }
  return paths;
}

/** What a URL parser drops of a path: control characters, space around it. */
function cleanPath(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is dropped
  const path = text.replace(/[\u0000-\u001f\u007f]/g, "");
  return `/${path.trim()}`.replace(/^\/(?=[/\\])/, "");
}

function collapse(path: string): string {
  return path.replace(/\/{2,}/g, "/");
}

function resolveDots(path: string): string {
  const out: string[] = [];
  const segments = path.split("/").slice(1);
  segments.forEach((segment, at) => {
    const last = at === segments.length - 1;
    if (segment === "..") out.pop();
    else if (segment !== ".") out.push(segment);
    if (last && (segment === "." || segment === "..")) out.push("");
  });
  return `/${out.join("/")}`;
}

/** One spelling: what need not be encoded is not, what must be is, in upper case. */
function encode(path: string): string {
  return path
    .replace(/%(?![0-9a-f]{2})/gi, "%25")
    .replace(/%[0-9a-f]{2}/gi, (written) => written.toUpperCase())
    .replace(/[^\w\-.~!$&'()*+,;=:@/%]/g, (char) => {
      const code = char.charCodeAt(0);
      return code < 0x100
        ? `%${code.toString(16).toUpperCase().padStart(2, "0")}`
        : encodeURIComponent(char.toWellFormed());
    });
}
