import type { IncomingMessage } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { NodeRequest } from "../src/lib/node/request.js";

/** A request as the engine sees it, with what a body parser has made of its body. */
export class ParsedRequest extends NodeRequest<IncomingMessage> {
  parsed: unknown;
  url = () => "http://shop.test/";
  params = () => ({});
  address = () => undefined;
  protected override parsedBody = () => this.parsed;
}

/** What the engine sees of a request's body. */
export const look = (message: IncomingMessage, limit: number) => new ParsedRequest(message, message).body(limit);

export const later = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ways in which handlers read a request to its end. */
export const readers: Record<string, (message: IncomingMessage) => Promise<Buffer>> = {
  "for await": async (message) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    return Buffer.concat(chunks);
  },
  "data and end": (message) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      message.on("data", (chunk) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks)));
    }),
  pipe: (message) => buffer(message.pipe(new PassThrough())),
  readable: (message) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      message
        .on("end", () => resolve(Buffer.concat(chunks)))
        .on("readable", () => {
          for (let chunk = message.read(); chunk !== null; chunk = message.read()) chunks.push(chunk);
        });
    }),
  "a web stream": (message) => buffer(Readable.toWeb(message) as never),
};
