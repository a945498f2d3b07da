import { readParts } from "./path.js";

interface Blind<T> {
  readonly item: T;
  readonly index: number;
  readonly test: (path: string) => boolean;
}

/** Finds which of these patterns a path is of, letters in any case, with or without a slash at its end. */
export function anyCase<T extends { readonly pattern: string }>(items: readonly T[]): (path: string) => T[] {
  /** By the literal segments that a pattern begins with: a path is tried with few of a long table. */
  const groups = new Map<string, Blind<T>[]>();
  let deepest = 0;
  for (const [index, item] of items.entries()) {
    const parts = readParts(item.pattern);
    if (typeof parts === "string") continue;
    const end = parts.findIndex(({ segment }) => segment.type !== "literal");
    const literals = (end < 0 ? parts : parts.slice(0, end)).map(({ native }) => native);
    deepest = Math.max(deepest, literals.length);
    const key = keyOf(literals);
    const group = groups.get(key) ?? [];
    group.push({ item, index, test: testOf(parts) });
    groups.set(key, group);
  }
  return (path) => {
    const segments = path.split("/", deepest + 1).slice(1);
    const found: Blind<T>[] = [];
    for (let depth = 0; depth <= segments.length; depth++) {
      for (const blind of groups.get(keyOf(segments.slice(0, depth))) ?? []) if (blind.test(path)) found.push(blind);
    }
    return found.sort((a, b) => a.index - b.index).map(({ item }) => item);
  };
}

function keyOf(segments: readonly string[]): string {
  return segments
    .map((segment) => `/${segment}`)
    .join("")
    .toUpperCase();
}

function testOf(parts: Exclude<ReturnType<typeof readParts>, string>): (path: string) => boolean {
  const source = parts.map(({ native, segment, optional }, at) => {
    const regex = /^:\w+\{(.+)\}$/s.exec(native)?.[1];
    if (regex !== undefined) return `/(?:${regex})`;
    if (segment.type === "literal") return `/${native.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}`;
    if (native === "*" && at === parts.length - 1) return "(?:/.*)?";
    return optional ? "(?:/[^/]+)?" : "/[^/]+";
  });
  const expression = new RegExp(`^${source.join("")}/?$`, "is");
  return (path) => expression.test(path);
}
