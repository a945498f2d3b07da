import createRouter from "find-my-way";
import { expandPattern, plainPattern } from "./pattern.js";

type Router = ReturnType<typeof newRouter>;

/**
 * Patterns of Fastify's path language, read by Fastify's own router. Letter case and doubled or final slashes make no
 * difference here, whatever the app's settings: a price must not depend on a setting that only decides what else is
 * served. Values of one pattern share a place, whatever their parameters are called.
 */
export class PatternRouter<T> {
  /** Several, since a router refuses patterns that differ in the expressions of their parameters only. */
  readonly #routers: Router[] = [];

  /** @throws what the router throws for a pattern that it cannot read */
  add(pattern: string, value: T): void {
    for (const plain of expandPattern(pattern)) {
      const place = this.named(plain);
      if (place) place.push(value);
      else this.#place(plain, [value]);
    }
  }

  /** The values of a pattern without an optional parameter. */
  named(pattern: string): T[] | undefined {
    return first(this.#routers, (router) => router.findRoute("GET", plainPattern(pattern))?.store as T[] | undefined);
  }

  /** The values of the patterns that serve a path. */
  at(path: string): readonly T[] {
    const found = this.#routers.map((router) => router.find("GET", path)?.store as T[] | undefined);
    return found.length === 1 ? (found[0] ?? []) : found.flatMap((place) => place ?? []);
  }

  #place(pattern: string, values: T[]): void {
    const taken = this.#routers.some((router) => {
      try {
        router.on("GET", pattern, () => {}, values);
        return true;
      } catch {
        // It has a pattern that it takes for the same, or cannot read this one: the next tells.
        return false;
      }
    });
    if (taken) return;
    const router = newRouter();
    router.on("GET", pattern, () => {}, values);
    this.#routers.push(router);
  }
}

function newRouter() {
  return createRouter({
    caseSensitive: false,
    ignoreTrailingSlash: true,
    ignoreDuplicateSlashes: true,
    allowUnsafeRegex: true,
    maxParamLength: Number.MAX_SAFE_INTEGER,
  });
}

function first<A, B>(items: readonly A[], ask: (item: A) => B | undefined): B | undefined {
  for (const item of items) {
    const answer = ask(item);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
