/** Characters of a boundary at most (RFC 2046, 5.1.1). */
const MAX_BOUNDARY = 70;
/** A multipart type whose parameters every parser reads alike: nothing is escaped, and nothing quoted looks like another one. */
const PLAIN = /^\s*multipart\/[\w.+-]+(?:\s*;\s*[\w-]+\s*=\s*(?:[^\s;,"\\]+|"[^";\\\r\n]*"))+\s*$/i;
/** Cuts the boundary, and nothing else, out of a content type. */
const BOUNDARY = /(;\s*boundary\s*=\s*)(?:"([^"\r\n]*)"|([^\s;"]*))/i;

/**
 * The bytes by which two bodies are one and the same request, or two. Every send of a form makes a new boundary, which is no
 * part of what it says: the parts count, each with its length, and the rest of the content type. Takes linear time.
 * @param contentType of the request; a body that is no well-formed multipart of it counts as it is, with its whole type
 */
export function canonicalBody(body: Uint8Array, contentType: string): Uint8Array {
  const isPlain = PLAIN.test(contentType) && contentType.split(/;\s*boundary\s*=/i).length === 2;
  const [found, lead = "", quoted, plain] = isPlain ? (BOUNDARY.exec(contentType) ?? []) : [];
  const boundary = quoted ?? plain ?? "";
  if (found === undefined || boundary === "" || boundary.length > MAX_BOUNDARY)
    return tagged("raw", contentType, [body]);
  // One character for each byte, whatever the byte.
  const text = new TextDecoder("windows-1252").decode(body);
  const cuts = split(text, `--${boundary}`);
  // A body that lacks the boundary says the same under any: it was parsed already, or is no form.
  if (cuts.length === 0 && text.includes(boundary)) return tagged("raw", contentType, [body]);
  const rest = contentType.replace(found, lead);
  return cuts.length === 0 ? tagged("raw", rest, [body]) : tagged("parts", rest, partsOf(body, cuts));
}

/** Where each line of a delimiter begins, and where what follows it does, in turn; what makes it the last one follows it. */
function split(text: string, delimiter: string): readonly number[] {
  const cuts: number[] = [];
  const line = /(?:--)?[ \t]{0,64}(?:\r\n|$)|--/y;
  const broken = `\r\n${delimiter}`;
  let at = text.startsWith(delimiter) ? 0 : text.indexOf(broken);
  while (at >= 0) {
    const after = at + (cuts.length === 0 && at === 0 && text.startsWith(delimiter) ? delimiter : broken).length;
    line.lastIndex = after;
    if (line.test(text)) cuts.push(at, after);
    // The line's own end may begin the next delimiter.
    at = text.indexOf(broken, after);
  }
  return cuts;
}

/** Characters of a length at most, with its mark. */
const LENGTH = 9;
/** Bytes up to which a part is copied one by one: there may be as many parts as the body has room for. */
const SHORT = 64;

/** What is before, between and after the cuts, each with its length. */
function partsOf(body: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const joined = new Uint8Array(body.byteLength + (cuts.length / 2) * LENGTH);
  let size = 0;
  let start = 0;
  for (let i = 0; i < cuts.length; i += 2) {
    const end = cuts[i] as number;
    if (end - start > SHORT) joined.set(body.subarray(start, end), size);
    else for (let at = start; at < end; at++) joined[size + at - start] = body[at] as number;
    size += end - start;
    const length = `:${end - start}`;
    for (let at = 0; at < length.length; at++) joined[size++] = length.charCodeAt(at);
    start = cuts[i + 1] as number;
  }
  const last = body.subarray(start);
  return [joined.subarray(0, size), last, new TextEncoder().encode(`:${last.byteLength}`)];
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
