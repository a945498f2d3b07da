/**
 * The errors that Node throws where a response is misused. While a response is held, Node itself does not see the
 * misuse yet, and a handler must see it at the same call, under the same code.
 */
type NodeError = Error & { code: string };

function nodeError(Base: new (message: string) => Error, code: string, message: string): NodeError {
  const error = Object.assign(new Base(message), { code });
  error.stack = error.stack?.replace(/^\w+/, `$& [${code}]`) ?? message;
  return error;
}

export function headersSent(verb: "set" | "append" | "remove" | "write"): NodeError {
  return nodeError(Error, "ERR_HTTP_HEADERS_SENT", `Cannot ${verb} headers after they are sent to the client`);
}

export function invalidStatus(status: unknown): NodeError {
  return nodeError(RangeError, "ERR_HTTP_INVALID_STATUS_CODE", `Invalid status code: ${String(status)}`);
}

export function oddHeaders(): NodeError {
  return nodeError(TypeError, "ERR_INVALID_ARG_VALUE", "The argument 'headers' must hold names and values in turn");
}

export function uselessTrailer(): NodeError {
  return nodeError(Error, "ERR_HTTP_TRAILER_INVALID", "Trailers are invalid with this transfer encoding");
}

export function nullChunk(): NodeError {
  return nodeError(TypeError, "ERR_STREAM_NULL_VALUES", "May not write null values to stream");
}

export function invalidChunk(chunk: unknown): NodeError {
  const received = chunk === undefined ? "undefined" : typeof chunk;
  const message = `The "chunk" argument must be of type string or an instance of Buffer or Uint8Array. Received ${received}`;
  return nodeError(TypeError, "ERR_INVALID_ARG_TYPE", message);
}

export function unknownEncoding(encoding: unknown): NodeError {
  return nodeError(TypeError, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${String(encoding)}`);
}

export function writeAfterEnd(): NodeError {
  return nodeError(Error, "ERR_STREAM_WRITE_AFTER_END", "write after end");
}

export function lengthMismatch(bytes: number, declared: number): NodeError {
  const message = `Response body's content-length of ${bytes} byte(s) does not match the content-length of ${declared} byte(s) set in header`;
  return nodeError(Error, "ERR_HTTP_CONTENT_LENGTH_MISMATCH", message);
}
