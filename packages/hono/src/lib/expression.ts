/** Texts kept for one expression, and the longest: longer paths cannot be offered. */
const MOST = 64;
const LONGEST = 1_500;

/** What a character of a text is picked from, the usual ones first. */
const characters = [
  ..."a1-x0AZ_z9~.!$&'()*+,;=:@ \"<>[]\\^`{|}bcdefghijklmnopqrstuvwyBCDEFGHIJKLMNOPQRSTUVWXY2345678/éя中",
];

/**
 * Texts that a regular expression matches as a whole. They are made by its parts and then tried with it, so that what is not
 * read here (what looks ahead, say) yields fewer texts, and none that does not fit.
 */
export function textsOf(source: string): readonly string[] {
  const whole = expressionOf(source);
  if (!whole) return [];
  const texts = [...new Set(new Reader(source).choices())].filter((text) => text !== "" && whole.test(text));
  const usual = texts.filter((text) => plain.test(text));
  return usual.length > 0 ? usual : texts;
}

/** Neither a dot segment nor anything that a path has in several spellings. */
const plain = /^[\w~-][\w~.-]*(?:\/[\w~-][\w~.-]*)*$/;

/** The expression as it covers a whole value; nothing if it cannot be read. */
export function expressionOf(source: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${source})$`);
  } catch {
    return undefined;
  }
}

/** Whether an expression may match a slash. */
export function spansSegments(source: string): boolean {
  return (source.match(new RegExp(atom.source, "gs")) ?? []).some((one) => expressionOf(one)?.test("/"));
}

/** A class, an escape or a character. */
const atom = /\[(?:\\.|[^\]\\])*\]|\\(?:x[\da-f]{2}|u[\da-f]{4}|c[a-z]|.)|./isy;
const opening = /\((?:\?(?:[:=!]|<[=!]|<\w+>))?/y;
const nothing = /\^|\$|\\[bB]|\\[1-9]/y;
const count = /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y;

class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  choices(): string[] {
    const texts: string[] = [];
    do texts.push(...this.#sequence());
    while (this.#take(/\|/y));
    return texts.slice(0, MOST);
  }

  #sequence(): string[] {
    let texts = [""];
    while (this.#at < this.#source.length && !"|)".includes(this.#source.charAt(this.#at))) {
      texts = joined(texts, this.#repeated(this.#part()));
    }
    return texts;
  }

  #part(): string[] {
    const [open] = this.#take(opening) ?? [];
    if (open !== undefined) {
      const texts = this.choices();
      this.#take(/\)/y);
      return /[=!]$/.test(open) ? [""] : texts;
    }
    if (this.#take(nothing)) return [""];
    const [one = ""] = this.#take(atom) ?? [];
    const expression = expressionOf(one);
    const found = characters.filter((character) => expression?.test(character));
    return [...new Set([...found.slice(0, 3), ...found.slice(-1)])];
  }

  #repeated(texts: string[]): string[] {
    const [counted, sign, least, comma, most] = this.#take(count) ?? [];
    if (counted === undefined) return texts;
    const from = sign ? Number(sign === "+") : Number(least);
    const to = sign ? (sign === "?" ? 1 : from + 2) : comma === "" ? from : most ? Number(most) : from + 2;
    const all = [...new Set([from, Math.min(from + 1, to), to])].flatMap((times) => {
      const fit = times > LONGEST ? [] : texts.filter(({ length }) => length * times <= LONGEST);
      if (fit.length === 0) return [];
      const mixed = Array.from({ length: times }, (_, at) => fit[at % fit.length] ?? "").join("");
      return [mixed, ...fit.map((text) => text.repeat(times))];
    });
    return [...new Set(all)].slice(0, MOST);
  }

  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#source) ?? undefined;
    if (found) this.#at = expression.lastIndex;
    return found;
  }
}

/** One text of each, side by side. */
function joined(before: readonly string[], after: readonly string[]): string[] {
  if (before.length === 0 || after.length === 0) return [];
  const length = Math.min(Math.max(before.length, after.length), MOST);
  const texts = Array.from(
    { length },
    (_, at) => `${before[at % before.length] ?? ""}${after[at % after.length] ?? ""}`,
  );
  return texts.filter((text) => text.length <= LONGEST);
}
