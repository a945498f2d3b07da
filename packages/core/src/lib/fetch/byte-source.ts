/** The bytes of a body, pulled one chunk at a time. */
export interface ByteSource {
  /** The next chunk; nothing at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Tells the producer that no more is wanted. Never rejects. */
  cancel(reason?: unknown): Promise<void>;
}

interface NodeStream extends AsyncIterable<unknown> {
  destroy?(error?: Error): unknown;
}

/**
 * The body of a response of any make: a web stream, a Node stream (node-fetch), or only `arrayBuffer()`.
 * @throws TypeError if the body was read before or belongs to another reader
 */
export function byteSource(response: { readonly body?: unknown; readonly bodyUsed?: boolean }): ByteSource | undefined {
  const { body } = response;
  if (body === null) return undefined;
  if (response.bodyUsed === true || (body as { locked?: boolean } | undefined)?.locked === true) {
    throw new TypeError("The body of the handler's Response was already read.");
  }
  if (typeof (body as ReadableStream | undefined)?.getReader === "function") return webSource(body as ReadableStream);
  if (typeof (body as NodeStream | undefined)?.[Symbol.asyncIterator] === "function")
    return nodeSource(body as NodeStream);
  const { arrayBuffer } = response as { arrayBuffer?: () => Promise<ArrayBuffer> };
  if (typeof arrayBuffer === "function") return bufferSource(() => arrayBuffer.call(response));
  throw new TypeError("The body of the handler's Response cannot be read.");
}

function webSource(stream: ReadableStream<unknown>): ByteSource {
  const reader = stream.getReader();
  return {
    read: async () => {
      const { done, value } = await reader.read();
      return done ? undefined : toBytes(value);
    },
    cancel: (reason) => reader.cancel(reason).catch(ignore),
  };
}

function nodeSource(stream: NodeStream): ByteSource {
  const iterator = stream[Symbol.asyncIterator]();
  return {
    read: async () => {
      const { done, value } = await iterator.next();
      return done === true ? undefined : toBytes(value);
    },
    cancel: async () => {
      // An iterator's return() waits for the read that is under way, which may be what never comes.
      if (stream.destroy) stream.destroy();
      else await iterator.return?.().then(ignore, ignore);
    },
  };
}

function bufferSource(load: () => Promise<ArrayBuffer>): ByteSource {
  let done = false;
  return {
    read: async () => {
      if (done) return undefined;
      done = true;
      return toBytes(await load());
    },
    cancel: async () => {
      done = true;
    },
  };
}

/** Node servers send text chunks too, so a handler that streams them works without a paywall and must with it. */
function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === "string") return new TextEncoder().encode(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (Object.prototype.toString.call(chunk) === "[object ArrayBuffer]") return new Uint8Array(chunk as ArrayBuffer);
  throw new TypeError("The body of the handler's Response contains something other than bytes.");
}

function ignore(): void {}
