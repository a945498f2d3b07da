/** How the main process and its children talk. */
interface Question {
  readonly id: number;
  readonly ask: string;
  readonly input: unknown;
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: string;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a handler may have nothing to say
type Handler = (input: never) => unknown | Promise<unknown> | void;

/** In a child: says that it is ready, answers until it is stopped, and goes when its parent does. */
export function answer(handlers: Readonly<Record<string, Handler>>, ready: unknown = {}): void {
  process.on("disconnect", () => process.exit(0));
  process.on("message", async ({ id, ask, input }: Question) => {
    try {
      const value = await handlers[ask]?.(input as never);
      process.send?.({ id, value } satisfies Answer);
    } catch (error) {
      process.send?.({ id, failure: error instanceof Error ? error.message : String(error) });
    }
  });
  process.send?.({ id: 0, value: ready } satisfies Answer);
}
