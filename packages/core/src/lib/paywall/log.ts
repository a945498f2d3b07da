import type { Logger } from "../config.js";

const nothing = (): void => {};
const SILENT: Logger = { info: nothing, warn: nothing, error: nothing };

/** Without a logger, the seller still learns what goes wrong. */
const CONSOLE: Logger = {
  info: nothing,
  // biome-ignore lint/suspicious/noConsole: here it is the seller who is told
  warn: (message, facts) => console.warn(message, facts),
  // biome-ignore lint/suspicious/noConsole: here it is the seller who is told
  error: (message, facts) => console.error(message, facts),
};

/** Where the messages of an engine go. */
export interface Log {
  /** The seller's own logger; one that says nothing for `false`; absent if none was named. */
  readonly own: Logger | undefined;
  /** The same, else the console. */
  readonly all: Logger;
}

export function openLog(logger: Logger | false | undefined): Log {
  const own = logger === false ? SILENT : logger;
  return { own, all: own ?? CONSOLE };
}
