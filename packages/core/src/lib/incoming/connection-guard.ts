import type { HeaderList } from "../seam.js";
import { addFields, isInterim, statusOf } from "./raw-head.js";
import { takenOver } from "./taken-over.js";

type Callback = (error?: Error | null) => void;
type Write = (...args: never[]) => unknown;

/** The parts of a connection that are guarded; no import of Node's, since edge bundles hold this too. */
export interface Wire {
  readonly destroyed?: boolean;
  write: Write;
  end: Write;
  cork?(): void;
  uncork?(): void;
  destroy(error?: Error): unknown;
  once(event: "close", listener: () => void): unknown;
}

/** Who holds the response that belongs on the connection. */
export interface BypassListener {
  /**
   * Bytes are about to leave around the response.
   * @param status of the head that they begin with, or 200 if they begin with none
   * @returns nothing to drop them and all that follows, `"now"`, or when they may leave, with the fields that their head
   * gains. Nothing is thrown: who writes may be another than the handler, as the server itself is.
   */
  bypassed(status: number): Promise<HeaderList> | "now" | undefined;
  /** What left around the response is gone (`true`), or the connection ended before (`false`). */
  departed(left: boolean): void;
}

/**
 * Stands on a connection while the response that belongs there is held: what is written around it, as an upgrade is,
 * waits until the payment has settled, or is refused.
 */
export class ConnectionGuard {
  readonly #wire: Wire;
  readonly #listener: BypassListener;
  readonly #theirs: Pick<Wire, "write" | "end">;
  readonly #ours: Pick<Wire, "write" | "end">;
  #state: "closed" | "waiting" | "open" | "refused" = "closed";
  readonly #queue: { readonly name: "write" | "end"; readonly args: readonly unknown[] }[] = [];

  constructor(wire: Wire, listener: BypassListener) {
    this.#wire = wire;
    this.#listener = listener;
    this.#theirs = { write: wire.write, end: wire.end };
    this.#ours = {
      write: (...args: never[]) => this.#pass("write", args),
      end: (...args: never[]) => this.#pass("end", args),
    };
    Object.assign(wire, this.#ours);
  }

  /** The response itself is about to leave. By assignment, since a deletion makes every later access slow. */
  lift(): void {
    if (this.#state === "waiting" || this.#state === "refused") return;
    this.#state = "open";
    if (this.#wire.write === this.#ours.write) this.#wire.write = this.#theirs.write;
    if (this.#wire.end === this.#ours.end) this.#wire.end = this.#theirs.end;
  }

  /** Writes in place of the response; what others write from now on leads nowhere. */
  through(run: () => void): void {
    const after = this.#state === "open" ? "open" : "refused";
    this.#state = "open";
    try {
      run();
    } finally {
      this.#state = after;
    }
  }

  #pass(name: "write" | "end", args: readonly unknown[]): unknown {
    const [chunk] = args;
    const empty = name === "end" && (chunk === undefined || chunk === null || typeof chunk === "function");
    if (this.#state === "waiting") {
      this.#queue.push({ name, args });
      return name === "write" ? true : this.#wire;
    }
    if (this.#state === "open" || empty || (this.#state === "closed" && isInterim(chunk)))
      return this.#call(name, args);
    if (this.#state === "refused") return drop(name, args, this.#wire);
    const leave = this.#listener.bypassed(statusOf(chunk) ?? 200);
    if (!leave) {
      this.#state = "refused";
      return drop(name, args, this.#wire);
    }
    if (leave === "now") {
      this.lift();
      return this.#call(name, args);
    }
    this.#state = "waiting";
    this.#queue.push({ name, args });
    this.#wire.once("close", () => this.#listener.departed(false));
    leave.then(
      (fields) => this.#flush(fields),
      () => this.#wire.destroy(),
    );
    return name === "write" ? true : this.#wire;
  }

  #flush(fields: HeaderList): void {
    this.#state = "open";
    this.lift();
    this.#wire.cork?.();
    this.#queue.splice(0).forEach(({ name, args }, at) => {
      this.#call(name, at === 0 ? this.#first(args, fields) : args);
    });
    this.#wire.uncork?.();
  }

  /** The call that begins what leaves: with more fields, and a callback that tells when it is gone. */
  #first([chunk, ...rest]: readonly unknown[], fields: HeaderList): readonly unknown[] {
    const callback = rest.find((arg) => typeof arg === "function") as Callback | undefined;
    const encoding = typeof rest[0] === "string" ? rest[0] : undefined;
    const then: Callback = (error) => {
      callback?.(error);
      this.#listener.departed(!error && !this.#wire.destroyed);
    };
    return [addFields(chunk, fields), encoding, then];
  }

  #call(name: "write" | "end", args: readonly unknown[]): unknown {
    return Reflect.apply(this.#theirs[name], this.#wire, args as never[]);
  }
}

function drop(name: "write" | "end", args: readonly unknown[], wire: Wire): unknown {
  const callback = args.find((arg) => typeof arg === "function") as Callback | undefined;
  if (callback) queueMicrotask(() => callback(takenOver()));
  return name === "write" ? false : wire;
}
