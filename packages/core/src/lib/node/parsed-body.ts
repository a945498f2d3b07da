import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { finished } from "node:stream/promises";

type Members = Readonly<Record<string, unknown>>;

/** Where parsers leave a file: in memory, or on disk. */
const IN_MEMORY = ["buffer", "data", "_buf"] as const;
const ON_DISK = ["path", "filepath", "tempFilePath"] as const;
/** Levels of a parsed body at most. */
const MAX_DEPTH = 500;
/** What the client said of a file. Other members are the parser's: a random name, a folder, a method. */
const NAMES = ["fieldname", "originalname", "originalFilename", "filename", "name", "mimetype", "type"] as const;

/**
 * A digest of what parsers have made of a body: the same for the same fields and files, another for others.
 * @param body fields, or any JSON value; an object without members says nothing, unless it is JSON
 * @param uploads files apart from them, in lists or by the names of their fields
 * @returns `undefined` if there is nothing
 * @throws Error if a file cannot be read any more, or a value is none of data
 */
export async function describeParsed(body: unknown, uploads: unknown, json: boolean): Promise<Uint8Array | undefined> {
  const files = isEmpty(uploads) ? undefined : await describe(uploads, describeFile);
  const nothing = body === undefined || body === null || (!json && !Array.isArray(body) && isEmpty(body));
  const fields = nothing ? undefined : await describe(body, describePart);
  if (files === undefined && fields === undefined) return undefined;
  return createHash("sha256")
    .update(JSON.stringify([fields, files]))
    .digest();
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isEmpty);
  if (typeof value !== "object" || value === null) return isNothing(value) || value === null;
  return isPlain(value) && Object.values(value).every(isNothing);
}

function isNothing(value: unknown): boolean {
  return value === undefined || typeof value === "function";
}

/** A description as JSON, by kind, so that no two values share one. */
class Description {
  /** Contents of files, which are put where they belong as they come. */
  readonly contents: Promise<unknown>[] = [];
  readonly #special: (value: Members, description: Description) => unknown;
  readonly #around = new Set<object>();

  /** @param special describes a file, or a part that is not what it looks like */
  constructor(special: (value: Members, description: Description) => unknown) {
    this.#special = special;
  }

  of(value: unknown): unknown {
    if (typeof value === "bigint") return ["n", `${value}`];
    if (typeof value === "number" && !Number.isFinite(value)) return ["n", `${value}`];
    if (typeof value !== "object" || value === null) return isNothing(value) ? 0 : ["v", value];
    if (value instanceof Uint8Array) return ["b", hash(value)];
    if (this.#around.has(value) || this.#around.size > MAX_DEPTH) throw new Error("The parsed body has no end");
    this.#around.add(value);
    const described = this.#special(value as Members, this) ?? this.#members(value);
    this.#around.delete(value);
    return described;
  }

  /** A file by what the client said of it, and by what it holds. */
  file(names: readonly unknown[], content: Promise<string>): unknown {
    const file: unknown[] = ["f", ...names];
    const told = content.then((digest) => file.push(digest));
    // If another part is refused first, this one is not awaited.
    told.catch(() => {});
    this.contents.push(told);
    return file;
  }

  #members(value: object): unknown {
    if (value instanceof Blob) {
      const content = value.arrayBuffer().then((bytes) => hash(new Uint8Array(bytes)));
      return this.file([(value as File).name, value.type], content);
    }
    if (value instanceof Map) return ["m", this.of([...value])];
    if (value instanceof Set) return ["s", this.of([...value])];
    if (value instanceof Date) return ["d", value.getTime()];
    if (Array.isArray(value)) return ["a", ...value.map((one) => this.of(one))];
    if (!isPlain(value)) throw new Error("A part of the parsed body is not data");
    return ["o", Object.keys(value), ...Object.values(value).map((one) => this.of(one))];
  }
}

async function describe(value: unknown, special: (value: Members, description: Description) => unknown) {
  const description = new Description(special);
  const described = description.of(value);
  await Promise.all(description.contents);
  return described;
}

/**
 * A part that `@fastify/multipart` attaches to a body. Told by what JSON cannot have, a method or a circle: a client could
 * make anything else, and name a file of the server's.
 */
function describePart(part: Members, description: Description): unknown {
  if (typeof part.toBuffer === "function") {
    return describeFile({ ...part, path: undefined, filepath: undefined, tempFilePath: undefined }, description);
  }
  const { fields, fieldname, mimetype, value } = part;
  if (typeof fields !== "object" || fields === null || !Object.values(fields).flat().includes(part)) return undefined;
  return ["p", fieldname, mimetype, description.of(value)];
}

/** A file of multer's, express-fileupload's or formidable's shape. */
function describeFile(file: Members, description: Description): unknown {
  const isFile = NAMES.some((name) => typeof file[name] === "string") && ("size" in file || "toBuffer" in file);
  if (!isFile) return undefined;
  // multer and its like call the stored file `filename`, and the client's `originalname`.
  const names = NAMES.map((name) => (name === "filename" && "originalname" in file ? undefined : file[name]));
  return description.file(names, contentOf(file));
}

async function contentOf(file: Members): Promise<string> {
  const { size } = file;
  const held = IN_MEMORY.map((name) => file[name]).find((value) => value instanceof Uint8Array);
  if (held instanceof Uint8Array && (held.length > 0 || size === undefined || size === 0)) return hash(held);
  const path = ON_DISK.map((name) => file[name]).find((value) => typeof value === "string" && value !== "");
  if (typeof path === "string" && (await stat(path)).isFile()) return hashFile(path);
  throw new Error("A file of the body cannot be read");
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function hashFile(path: string): Promise<string> {
  const digest = createHash("sha256");
  await finished(createReadStream(path).on("data", (chunk) => digest.update(chunk)));
  return digest.digest("hex");
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
