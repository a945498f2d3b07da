import type { ServerResponse } from "node:http";

type Method = (...args: never[]) => unknown;

/**
 * Own properties laid over one response, and the way to what they cover. Other middleware does the same: what was there
 * before is called through, and what came later and wraps ours stays when ours is taken away. Methods are laid and
 * lifted by assignment, since a deletion makes every later access to the response slow.
 */
export class Overrides {
  readonly #response: ServerResponse;
  readonly #methods = new Map<string, { readonly ours: Method; readonly theirs: Method }>();
  readonly #getters = new Map<string, PropertyDescriptor | undefined>();

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Covers a method, if the response has it (HTTP/2 lacks some). */
  method(name: string, ours: Method): void {
    const theirs = Reflect.get(this.#response, name) as Method | undefined;
    if (theirs === undefined) return;
    this.#methods.set(name, { ours, theirs });
    Reflect.set(this.#response, name, ours);
  }

  /** Covers a property, if the response has it. */
  getter(name: string, get: () => unknown): void {
    if (!(name in this.#response)) return;
    this.#getters.set(name, Object.getOwnPropertyDescriptor(this.#response, name));
    Object.defineProperty(this.#response, name, { get, configurable: true, enumerable: true });
  }

  /** What the method was before it was covered. */
  covered(name: string): Method {
    return this.#methods.get(name)?.theirs ?? (Reflect.get(this.#response, name) as Method);
  }

  /** Calls what the method was before it was covered. */
  call(name: string, args: readonly unknown[]): unknown {
    return Reflect.apply(this.covered(name), this.#response, args as never[]);
  }

  /** Removes the overrides of properties, and of methods that have not been wrapped since. */
  lift(): void {
    this.liftGetters();
    for (const [name, { ours, theirs }] of this.#methods) {
      if (Reflect.get(this.#response, name) === ours) Reflect.set(this.#response, name, theirs);
    }
  }

  liftGetters(): void {
    for (const [name, theirs] of this.#getters) {
      if (theirs) Object.defineProperty(this.#response, name, theirs);
      else Reflect.deleteProperty(this.#response, name);
    }
    this.#getters.clear();
  }
}
