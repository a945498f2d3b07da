/**
 * Where the responses of supported Nodes differ. A response is tried out, once, rather than a version compared: such
 * changes are carried over to older lines.
 */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Writable } from "node:stream";

/** Whether a flat array given to `writeHead` keeps all of several equal names, once other headers are set: not in Node 20. */
export const keepsRepeats = once(() => {
  const probe = makeProbe();
  probe.setHeader("a", "1");
  probe.writeHead(200, ["b", "1", "b", "2"]);
  return Array.isArray(probe.getHeader("b"));
});

/** Whether a response corks itself at a first byte until the turn of the event loop is over: since Node 26. */
export const joinsTurns = once(() => {
  const probe = makeProbe();
  probe.assignSocket(new Writable({ write: (_chunk, _encoding, done) => done() }) as Socket);
  probe.write("a");
  return probe.writableCorked > 0;
});

function makeProbe(): ServerResponse {
  return new ServerResponse({ method: "GET", httpVersionMajor: 1, httpVersionMinor: 1 } as IncomingMessage);
}

/** At the first call, not at import: most processes never hold a response before they have started. */
function once(ask: () => boolean): () => boolean {
  let answer: boolean | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}
