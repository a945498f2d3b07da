/** The parts of a Node response that tell whether its answer left; no import, since edge bundles hold this too. */
export interface Outgoing {
  readonly destroyed?: boolean;
  readonly statusCode: number;
  /** HTTP/2's. */
  readonly stream?: { readonly destroyed: boolean; readonly writableFinished: boolean };
  once(event: "finish" | "close", listener: () => void): unknown;
}

/** The connection of a request. */
export interface Connection {
  readonly destroyed?: boolean;
  readonly errored?: unknown;
}

/**
 * Whether the last byte was handed to a sound connection, asked when the response says `finish`. Node says that also of
 * an answer whose connection broke under it, and then calls it `writableFinished`.
 * @param connection the request's own: by then the response has let go of it
 */
export function leftWhole({ stream }: Outgoing, connection: Connection | undefined): boolean {
  if (stream) return stream.writableFinished;
  return !connection?.destroyed && !connection?.errored;
}

/**
 * Watches a response that another writes, from before its end.
 * @param report told once, with false if the connection ends before the answer does
 */
export function watchDeparture(
  outgoing: Outgoing,
  connection: Connection | undefined,
  report: (whole: boolean) => void,
): void {
  if (outgoing.destroyed || outgoing.stream?.destroyed || connection?.destroyed) {
    report(false);
    return;
  }
  let told = false;
  const tell = (whole: boolean) => {
    if (told) return;
    told = true;
    report(whole);
  };
  outgoing.once("finish", () => tell(leftWhole(outgoing, connection)));
  outgoing.once("close", () => tell(false));
}
