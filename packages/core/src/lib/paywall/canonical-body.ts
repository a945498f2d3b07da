/** Characters of a boundary at most (RFC 2046, 5.1.1). */
const MAX_BOUNDARY = 70;
/** Cuts the boundary, and nothing else, out of a content type. */
const BOUNDARY = /(;\s*boundary\s*=\s*)(?:"([^"\r\n]*)"|([^\s;"]*))/i;

/**
 * The bytes by which two bodies are one and the same request, or two. Every send of a form makes a new boundary, which is no
 * part of what it says: the parts count, each with its length, and the rest of the content type. Takes linear time.
 * @param contentType of the request; a body that is no well-formed multipart of it counts as it is
 */
export function canonicalBody(body: Uint8Array, contentType: string): Uint8Array {
  const [found, lead = "", quoted, plain] = /^\s*multipart\//i.test(contentType)
    ? (BOUNDARY.exec(contentType) ?? [])
    : [];
  const boundary = quoted ?? plain ?? "";
  if (found === undefined || boundary === "" || boundary.length > MAX_BOUNDARY)
    return tagged("raw", contentType, [body]);
  // One character for each byte, whatever the byte.
  const text = new TextDecoder("windows-1252").decode(body);
  const parts = split(body, text, `--${boundary}`);
  // A body that lacks the boundary says the same under any: it was parsed already, or is no form.
  if (!parts && text.includes(boundary)) return tagged("raw", contentType, [body]);
  const rest = contentType.replace(found, lead);
  if (!parts) return tagged("raw", rest, [body]);
  return tagged(
    "parts",
    rest,
    parts.flatMap((part) => [part, lengthOf(part)]),
  );
}

/** What is before, between and after the lines of a delimiter, and which of them is the last; nothing if there are none. */
function split(body: Uint8Array, text: string, delimiter: string): Uint8Array[] | undefined {
  const parts: Uint8Array[] = [];
  let start = 0;
  let at = text.startsWith(delimiter) ? 0 : text.indexOf(`\r\n${delimiter}`);
  while (at >= 0) {
    const after = text.startsWith("\r\n", at) ? at + 2 + delimiter.length : at + delimiter.length;
    const line = /(?:--)?[ \t]{0,64}(?:\r\n|$)|--/y;
    line.lastIndex = after;
    const end = line.exec(text);
    if (end) {
      parts.push(body.subarray(start, at));
      start = after;
    }
    // The line's own end may begin the next delimiter.
    at = text.indexOf(`\r\n${delimiter}`, after);
  }
  return parts.length === 0 ? undefined : [...parts, body.subarray(start)];
}

function lengthOf(part: Uint8Array): Uint8Array {
  return new TextEncoder().encode(`:${part.byteLength}`);
}

function tagged(form: "raw" | "parts", contentType: string, pieces: readonly Uint8Array[]): Uint8Array {
  const all = [new TextEncoder().encode(`${form}\n${contentType}\n`), ...pieces];
  const joined = new Uint8Array(all.reduce((size, piece) => size + piece.byteLength, 0));
  let offset = 0;
  for (const piece of all) {
    joined.set(piece, offset);
    offset += piece.byteLength;
  }
  return joined;
}
