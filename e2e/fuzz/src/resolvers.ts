import { posix } from "node:path";

/** How file servers, proxies and catch-alls make a path of a request's target. Some throw, and serve nothing then. */
export type Resolve = (target: string) => string;

const pathOf = (target: string) => target.replace(/[?#].*$/s, "");
const whole = (target: string) => new URL(target, "http://upstream.example").pathname;

export const resolvers: Readonly<Record<string, Resolve>> = {
  decodeThenNormalize: (target) => posix.normalize(decodeURIComponent(pathOf(target))),
  normalizeThenDecode: (target) => decodeURIComponent(posix.normalize(pathOf(target))),
  url: (target) => decodeURIComponent(whole(target)),
  urlThenNormalize: (target) => posix.normalize(decodeURIComponent(whole(target))),
  backslashes: (target) => posix.normalize(decodeURIComponent(pathOf(target)).replaceAll("\\", "/")),
  semicolons: (target) => posix.normalize(decodeURIComponent(pathOf(target).replace(/;[^/]*/g, ""))),
  fragments: (target) => posix.normalize(decodeURIComponent(target.replace(/\?.*$/s, ""))),
  collapse: (target) => decodeURI(pathOf(target)).replace(/\/+/g, "/"),
};

/** Reads a target in one of these ways; nothing where it cannot be read. */
export function resolveTarget(at: number, target: string): string | undefined {
  const all = Object.values(resolvers);
  const resolve = all[at % all.length] as Resolve;
  const path = /^[a-z]+:\/\/[^/]*/i.test(target) ? target.replace(/^[a-z]+:\/\/[^/]*/i, "") : target;
  try {
    return resolve(path);
  } catch {
    return undefined;
  }
}
