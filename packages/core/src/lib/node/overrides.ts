import type { ServerResponse } from "node:http";

type Method = (...args: never[]) => unknown;

/**
 * Own properties laid over one response, and the way to what they cover. Other middleware does the same: what was there
 * before is called through, and what came later and wraps ours stays when ours is taken away.
 */
export class Overrides {
  readonly #response: ServerResponse;
  readonly #covered = new Map<string, { ours: PropertyDescriptor; theirs: PropertyDescriptor | undefined }>();

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Covers a method, if the response has it (HTTP/2 lacks some). */
  method(name: string, value: Method): void {
    if (Reflect.get(this.#response, name))
      this.#lay(name, { value, writable: true, configurable: true, enumerable: true });
  }

  /** Covers a property, if the response has it. What Node assigns meanwhile goes to what is covered. */
  getter(name: string, get: () => unknown): void {
    if (!(name in this.#response)) return;
    const set = (value: unknown) => {
      const theirs = this.#covered.get(name)?.theirs;
      if (theirs && "value" in theirs) theirs.value = value;
    };
    this.#lay(name, { get, set, configurable: true, enumerable: true });
  }

  #lay(name: string, ours: PropertyDescriptor): void {
    this.#covered.set(name, { ours, theirs: Object.getOwnPropertyDescriptor(this.#response, name) });
    Object.defineProperty(this.#response, name, ours);
  }

  /** What the property was before it was covered. */
  covered(name: string): unknown {
    const theirs = this.#covered.get(name)?.theirs;
    if (theirs === undefined) return Reflect.get(Object.getPrototypeOf(this.#response), name, this.#response);
    return "value" in theirs ? theirs.value : theirs.get?.call(this.#response);
  }

  /** Calls what the method was before it was covered. */
  call(name: string, args: readonly unknown[]): unknown {
    return (this.covered(name) as (...args: readonly unknown[]) => unknown).apply(this.#response, [...args]);
  }

  /** Takes the named covers away, unless somebody has wrapped them since. */
  lift(names: Iterable<string> = this.#covered.keys()): void {
    for (const name of names) {
      const entry = this.#covered.get(name);
      const current = Object.getOwnPropertyDescriptor(this.#response, name);
      if (!entry || !current || current.value !== entry.ours.value || current.get !== entry.ours.get) continue;
      if (entry.theirs) Object.defineProperty(this.#response, name, entry.theirs);
      else Reflect.deleteProperty(this.#response, name);
    }
  }
}
