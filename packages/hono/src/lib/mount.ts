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
  const [start, context, next] = head.exec(source) ?? [];
  if (start === undefined || context === undefined || next === undefined) return false;
  const body = source.slice(start.length);
  const returned = body.startsWith("{") ? body.split(/(?<![\w$.])return(?![\w$:])[^\S\n]*/).slice(1) : [body];
  const [c, n] = [quote(context), quote(next)];
  const call = `(?:[\\w$]+\\s*\\.\\s*)*[\\w$]+\\(\\s*${c}\\s*[,)]`;
  const nothing = "undefined\\b|null\\b|void\\b|[;}\\n]|$";
  const own = new RegExp(`^(?:await\\s+)?(?:${c}\\s*\\.|${n}\\(|new\\s+Response\\b|${call}|${nothing})`);
  return returned.every((text) => own.test(text) || choicesOf(text).every((choice) => own.test(choice)));
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
