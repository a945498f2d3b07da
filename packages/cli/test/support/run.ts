import { type Io, main } from "../../src/index.js";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Circumstances extends Partial<Pick<Io, "columns" | "now" | "signal" | "unread">> {
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each piece of output. */
  readonly written?: (text: string) => unknown;
}

/** Runs the command in this process. Its clock stands still unless another is given, so that no progress is told. */
export async function run(
  args: readonly string[],
  { env = {}, now = () => 0, written = () => undefined, ...circumstances }: Circumstances = {},
): Promise<Ran> {
  let out = "";
  let err = "";
  const code = await main(args, {
    env,
    now,
    out: (text) => {
      out += text;
      return written(text);
    },
    err: (text) => {
      err += text;
    },
    ...circumstances,
  });
  return { code, out, err };
}

/** A clock by which so much time has passed at each look that there is progress to tell. */
export function fastClock(): () => number {
  let time = 0;
  return () => {
    const now = time;
    time = 2 * time + 2_000;
    return now;
  };
}
