interface Process {
  readonly env?: Readonly<Record<string, string | undefined>>;
  emitWarning?(warning: string | Error, options?: ProcessWarning): void;
}

/** How Node tells its warnings apart. */
interface ProcessWarning {
  readonly type: string;
  readonly code: string;
}

const { process: node } = globalThis as { readonly process?: Process };

/** The environment of the process; empty where the runtime has none. */
export const environment = node?.env ?? {};

/** A warning of the process, where the runtime has them. Edge runtimes show parts of Node, and throw when they are touched. */
export function warnProcess(warning: string | Error, code?: string): void {
  try {
    node?.emitWarning?.(warning, code === undefined ? undefined : { type: "TurnpikeWarning", code });
  } catch {
    // Then there is no one to warn.
  }
}
