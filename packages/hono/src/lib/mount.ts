/** The two parameters of a function, and what its body is. */
const head = /^[\w$*\s]*\(\s*([\w$]+)\s*,\s*([\w$]+)\s*\)\s*(?:=>)?\s*/;

/**
 * Whether a function has the shape of what `app.mount` registers. A minifier takes its names, and leaves what it calls of
 * the context and how it hands arguments on.
 */
export function isMount(source: string): boolean {
  if (/\bapplicationHandler\(/.test(source)) return true;
  const [, context] = head.exec(source) ?? [];
  return context !== undefined && hasSpread(source, context) && source.includes(`${context}.req.raw`);
}

const hasSpread = (source: string, context: string): boolean =>
  new RegExp(`\\.\\.\\.\\s*[\\w$]+\\(${quote(context)}\\)`).test(source);

/**
 * Whether all that a function is seen to return is made by its context, by its `next` or by what it gives its context to,
 * as middleware does. A mounted app returns what it has got from another function, and what cannot be read may do so.
 */
export function respondsByItself(source: string): boolean {
  const read = readReturns(source);
  return read?.returned.every((text) => read.isOwn(text) || choicesOf(text).every(read.isOwn)) ?? false;
}

/**
 * Whether a function is seen to return what another one makes of its request, as what calls a proxy does. A minifier takes
 * that one's name, and leaves what it gets.
 */
export function forwards(source: string): boolean {
  const read = readReturns(source);
  if (!read) return false;
  const request = new RegExp(`^(?:await\\s+)?[\\w$.]+\\(.*(?<![\\w$.])${quote(read.context)}\\s*\\.\\s*req\\b`, "s");
  return read.returned.some((text) => choicesOf(text).some((choice) => !read.isOwn(choice) && request.test(choice)));
}

interface Returns {
  readonly context: string;
  readonly returned: readonly string[];
  readonly isOwn: (text: string) => boolean;
}

function readReturns(source: string): Returns | undefined {
  const [start, context, next] = head.exec(source) ?? [];
  if (start === undefined || context === undefined || next === undefined) return undefined;
  const body = withoutSigns(source.slice(start.length));
  const returned = body.startsWith("{") ? body.split(/(?<![\w$.])return(?![\w$:])[^\S\n]*/).slice(1) : [body];
  const [c, n] = [quote(context), quote(next)];
  const call = `(?:[\\w$]+\\s*\\.\\s*)*[\\w$]+\\(\\s*${c}\\s*[,)]`;
  const nothing = "undefined\\b|null\\b|void\\b|[;}\\n]|$";
  const own = new RegExp(`^(?:await\\s+)?(?:${c}\\s*\\.|${n}\\(|new\\s+Response\\b|${call}|${nothing})`);
  return { context, returned, isOwn: (text) => own.test(text) };
}

/** A source whose texts hold nothing that the code around them is read by, such as the colon of a URL. */
function withoutSigns(source: string): string {
  return source.replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g, (text) =>
    text.replace(/[:;?{}]/g, " "),
  );
}

/** Whether a function is Hono's own that lets a request come again with the method that its form, header or query names. */
export function overridesMethod(source: string): boolean {
  const marks = ["multipart/form-data", "application/x-www-form-urlencoded", "searchParams.delete(", ".fetch("];
  return marks.every((mark) => source.includes(mark));
}

/** What comes out of `a ? b : c`; of anything else, itself. */
function choicesOf(text: string): string[] {
  const [expression = ""] = text.split(/[;{}]/, 1);
  const [condition = "", ...choices] = expression.split(/(?<!\?)\?(?![.?])|:/).map((part) => part.trim());
  return choices.length > 0 ? choices : [condition];
}

function quote(name: string): string {
  return name.replaceAll("$", "\\$");
}
