import type { Layer } from "./layers.js";

type Handle = Layer["handle"];

/** Wrappers of a wrapper, as several agents of monitoring make them. */
const MOST_WRAPPERS = 8;
/** Characters of the function that Express mounts an app by, and more. */
const LONGEST_MOUNT = 600;

/** Under this name a function of ours refers to itself: whatever wraps functions copies what they have by name. */
const BRAND = "turnpikeOriginal";

/** Makes a function of ours known through wrappers. */
export function brand<H extends object>(handler: H): H {
  return Object.assign(handler, { [BRAND]: handler });
}

/** What a layer runs, without what agents of monitoring have put around it. */
export function handleOf({ handle }: Pick<Layer, "handle">): Handle {
  let found = handle;
  for (let left = MOST_WRAPPERS; left > 0; left--) {
    const { [BRAND]: ours, __original: theirs } = found as { [BRAND]?: Handle; __original?: Handle };
    if (typeof ours === "function") return ours;
    if (typeof theirs !== "function") return found;
    found = theirs;
  }
  return found;
}

/** Whether two functions are one. Two of the same wrapper may hide the same function. */
export function isSame(one: Handle, other: Handle): boolean {
  if (one === other) return true;
  const source = sourceOf(one);
  return /\.(?:apply|call)\(/.test(source) && one.name === other.name && source === sourceOf(other);
}

/** The file server of Express. A minifier takes its name, and leaves what it says. */
export function isFileServer(handle: Handle): boolean {
  if (handle.name === "serveStatic") return true;
  const source = sourceOf(handle);
  return source.includes("GET, HEAD") && /\bdirectory\b/.test(source);
}

/** The function by which Express mounts an app in another. */
export function isMountedApp(handle: Handle): boolean {
  if (handle.name === "mounted_app") return true;
  const source = sourceOf(handle);
  const says = [/\.app\b/, /\.handle\(/, /\.request\b/, /\.response\b/];
  return source.length < LONGEST_MOUNT && says.every((sign) => sign.test(source));
}

function sourceOf(handle: Handle): string {
  return Function.prototype.toString.call(handle);
}
