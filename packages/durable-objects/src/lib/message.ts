/** Where an object is asked: the operation follows. It leads nowhere else. */
export const LEDGER_URL = "https://payment-ledger.invalid/";

/** What goes between a Worker and its ledger: one line of JSON, and after it the bytes of a response's body, if any. */
export interface Message {
  readonly head: unknown;
  /** Shares the memory of what was read. */
  readonly body: Uint8Array<ArrayBuffer>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
/** JSON as `JSON.stringify` writes it never has one. */
const END_OF_LINE = 10;

/** @param head JSON in one line */
export function writeMessage(head: string, body?: Uint8Array): Uint8Array<ArrayBuffer> {
  const line = encoder.encode(`${head}\n`);
  if (!body) return line;
  const message = new Uint8Array(line.byteLength + body.byteLength);
  message.set(line);
  message.set(body, line.byteLength);
  return message;
}

export function readMessage(message: Uint8Array<ArrayBuffer>): Message {
  const end = message.indexOf(END_OF_LINE);
  try {
    return { head: JSON.parse(decoder.decode(message.subarray(0, end))), body: message.subarray(end + 1) };
  } catch {
    // The parser's own error quotes the text, which may hold a signature.
    throw new Error("A message of the payment ledger cannot be read");
  }
}
