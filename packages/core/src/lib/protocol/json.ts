/** JSON with the keys of every object in order: equal documents have equal text, whatever their key order. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

const known = new WeakMap<object, string>();

/** The same for a value that never changes: computed once. */
export function canonicalKey(value: object): string {
  let text = known.get(value);
  if (text === undefined) {
    text = canonicalJson(value);
    known.set(value, text);
  }
  return text;
}

/** Whether two JSON values are the same, key order apart. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keysOfA = Object.keys(a);
  if (keysOfA.length !== Object.keys(b).length) return false;
  return keysOfA.every((key) => Object.hasOwn(b, key) && sameJson(member(a, key), member(b, key)));
}

/** Whether `whole` has every member that `part` has, with the same value; objects inside may have more. */
export function includesJson(whole: unknown, part: unknown): boolean {
  if (typeof part !== "object" || part === null || Array.isArray(part)) return sameJson(whole, part);
  if (typeof whole !== "object" || whole === null || Array.isArray(whole)) return false;
  return Object.keys(part).every(
    (key) => Object.hasOwn(whole, key) && includesJson(member(whole, key), member(part, key)),
  );
}

function member(object: object, key: string): unknown {
  return (object as Record<string, unknown>)[key];
}
