/**
 * State of the whole process, made by the first copy that asks. A process may hold several copies of a module: bundlers load some
 * twice, and a package can be both imported and required.
 */
export function shared<T extends object>(name: string, make: () => T): T {
  const holder = globalThis as unknown as Record<symbol, T | undefined>;
  const key = Symbol.for(name);
  holder[key] ??= make();
  return holder[key];
}
