/** The parts of a Node response that tell whether it left; no import, since edge bundles hold this too. */
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

/** One of Node's own. */
interface Lasting extends Connection {
  /** So far. */
  readonly bytesRead: number;
  once(event: "close", listener: (failed: boolean) => void): unknown;
  off(event: "close", listener: (failed: boolean) => void): unknown;
}

/** Milliseconds after a response's last byte in which a reset says that the response may not have arrived. */
const AFTERMATH = 10_000;
/** What watches each connection's last response. */
const aftermaths = new WeakMap<Connection, (failed: boolean) => void>();

/**
 * Tells of a response whose last byte the system took, and whose connection breaks soon after: it may have held bytes that
 * the client never saw. A client that has sent more by then has read the response. Nothing can be known once the server has
 * closed the connection itself, as it does where a client asks for that.
 */
export function watchAftermath(connection: Connection | undefined, lost: () => void): void {
  const lasting = connection as Lasting | undefined;
  if (!lasting?.once || lasting.destroyed) return;
  const earlier = aftermaths.get(lasting);
  if (earlier) lasting.off("close", earlier);
  const { bytesRead } = lasting;
  const until = performance.now() + AFTERMATH;
  const closed = (failed: boolean) => {
    if (failed && lasting.bytesRead === bytesRead && performance.now() < until) lost();
  };
  aftermaths.set(lasting, closed);
  lasting.once("close", closed);
}

/**
 * Whether the last byte was handed to a sound connection, asked when the response says `finish`. Node says that also of
 * a response whose connection broke, and then calls it `writableFinished`.
 * @param connection the request's own: by then the response has let go of it
 */
export function leftWhole({ stream }: Outgoing, connection: Connection | undefined): boolean {
  if (stream) return stream.writableFinished;
  return !connection?.destroyed && !connection?.errored;
}

/**
 * Watches a response that another writes, from before its end.
 * @param report called once, with false if the connection ends before the response does; and with false after that if it
 * breaks soon after its end
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
  outgoing.once("finish", () => {
    const whole = leftWhole(outgoing, connection);
    tell(whole);
    if (whole && !outgoing.stream) watchAftermath(connection, () => report(false));
  });
  outgoing.once("close", () => tell(false));
}
