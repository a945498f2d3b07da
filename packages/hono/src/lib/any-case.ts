import { readParts } from "./path.js";

/** Whether a path is of a pattern, letters in any case, with or without a slash at its end. */
export function anyCase(pattern: string): (path: string) => boolean {
  const parts = readParts(pattern);
  if (typeof parts === "string") return () => false;
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
