import type { Layer } from "./layers.js";

type Handle = Layer["handle"];

/** What a function says of itself. */
export interface Spoken {
  /** As they are written, with what they are by default. */
  readonly parameters: readonly string[];
  readonly body: string;
}

/** Text that has no say, and what parts parameters. */
const parts = /'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/.*|[()[\]{},]/g;

const known = new WeakMap<Handle, Spoken | "unreadable">();

/** Reads a function; nothing if it cannot be read, as one that is bound. */
export function readFunction(handle: Handle): Spoken | undefined {
  let spoken = known.get(handle);
  if (!spoken) {
    spoken = parse(Function.prototype.toString.call(handle)) ?? "unreadable";
    known.set(handle, spoken);
  }
  return spoken === "unreadable" ? undefined : spoken;
}

function parse(source: string): Spoken | undefined {
  const [bare, name] = /^(?:async\s+)?([\w$]+)\s*=>/.exec(source) ?? [];
  if (bare !== undefined && name !== undefined) return { parameters: [name], body: source.slice(bare.length) };
  const parameters: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { 0: part, index } of source.matchAll(parts)) {
    if ("([{".includes(part)) {
      depth++;
      if (depth === 1) {
        if (part !== "(") return undefined;
        from = index + 1;
      }
    } else if (depth === 1 && (part === "," || part === ")")) {
      const parameter = source.slice(from, index).trim();
      if (parameter !== "") parameters.push(parameter);
      from = index + 1;
      if (part === ")") return { parameters, body: source.slice(from) };
    } else if (")]}".includes(part)) {
      depth--;
    }
  }
  return undefined;
}

/** The name of a parameter; nothing if it takes what it is given apart. */
export function nameOfParameter(parameter: string | undefined): string | undefined {
  return /^([\w$]+)\s*(?:=[\s\S]*)?$/.exec(parameter ?? "")?.[1];
}

/**
 * Whether a handler takes `next`, with which it can pass the request on. One with a default for a parameter takes more than
 * its `length` tells.
 */
export function takesNext(handle: Handle): boolean {
  const { length } = handle;
  if (length === 3) return true;
  if (length === 0 || length > 3) return false;
  const spoken = readFunction(handle);
  if (!spoken) return false;
  const { parameters, body } = spoken;
  return parameters.length > 2 || parameters.some((one) => one.startsWith("...")) || /\barguments\b/.test(body);
}

/** Whether a text has this name, and behind it what is asked for. */
export function mentions(text: string, name: string, then = ""): boolean {
  return new RegExp(`(?<![\\w$.])${escaped(name)}(?![\\w$])${then}`).test(text);
}

export function escaped(name: string): string {
  return name.replaceAll("$", "\\$");
}
