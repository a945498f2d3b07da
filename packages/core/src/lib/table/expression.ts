/** Texts kept for one expression, and the longest of them: longer paths cannot be offered. */
const MOST = 64;
const LONGEST = 1_500;

/** What a character of a text is picked from, the usual ones first. */
const characters = [
  ..."a1-x0AZ_z9~.!$&'()*+,;=:@ \"<>[]\\^`{|}bcdefghijklmnopqrstuvwyBCDEFGHIJKLMNOPQRSTUVWXY2345678/éя中",
];

/**
 * Texts that a regular expression may match, made of its parts: each alternative, and what may be left out both ways. What is
 * not read here, as what looks ahead, yields texts that do not match, so each is to be tried with the expression itself.
 * @param usual Values for a run of characters, as `[a-z]+`: the first that fits for each number of segments. Where none
 * fits, some are made.
 * @example textsOf("^/weather\\.(json|xml)$", []); // ["/weather.json", "/weather.xml"]
 */
export function textsOf(source: string, usual: readonly string[]): readonly string[] {
  return [...new Set(new Reader(source, usual).choices())];
}

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
  return (source.match(new RegExp(sign.source, "gs")) ?? []).some((one) => expressionOf(one)?.test("/"));
}

/** A class, an escape or a character. */
const sign = /\[(?:\\.|[^\]\\])*\]|\\(?:x[\da-f]{2}|u[\da-f]{4}|c[a-z]|.)|./isy;
const opening = /\((?:\?(?:[:=!]|<[=!]|<\w+>))?/y;
const nothing = /\^|\$|\\[bB]|\\[1-9]/y;
const count = /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y;

class Reader {
  readonly #source: string;
  readonly #usual: readonly string[];
  #at = 0;

  constructor(source: string, usual: readonly string[]) {
    this.#source = source;
    this.#usual = usual;
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
      texts = joined(texts, this.#part());
    }
    return texts;
  }

  #part(): string[] {
    const [open] = this.#take(opening) ?? [];
    if (open !== undefined) {
      const texts = this.choices();
      this.#take(/\)/y);
      return this.#repeated(/[=!]$/.test(open) ? [""] : texts);
    }
    if (this.#take(nothing)) return this.#repeated([""]);
    const [one = ""] = this.#take(sign) ?? [];
    const expression = expressionOf(one);
    const found = characters.filter((character) => expression?.test(character));
    return this.#repeated([...new Set([...found.slice(0, 3), ...found.slice(-1)])], found.length > 1 ? one : undefined);
  }

  /** @param run The sign that is repeated, if it takes several characters. */
  #repeated(texts: string[], run?: string): string[] {
    const [counted, mark, least, comma, most] = this.#take(count) ?? [];
    if (counted === undefined) return texts;
    const from = mark ? Number(mark === "+") : Number(least);
    const to = mark ? (mark === "?" ? 1 : from + 2) : comma === "" ? from : most ? Number(most) : from + 2;
    const fitting = run === undefined ? [] : this.#fitting(run + counted);
    if (fitting.length > 0) return from === 0 ? [...fitting, ""] : fitting;
    const all = [...new Set([from, Math.min(from + 1, to), to])].flatMap((times) => {
      const fit = times > LONGEST ? [] : texts.filter(({ length }) => length * times <= LONGEST);
      if (fit.length === 0) return [];
      const mixed = Array.from({ length: times }, (_, at) => fit[at % fit.length] ?? "").join("");
      return [mixed, ...fit.map((text) => text.repeat(times))];
    });
    return [...new Set(all)].slice(0, MOST);
  }

  #fitting(source: string): string[] {
    const whole = expressionOf(source);
    const forms = new Map<number, string>();
    for (const value of this.#usual) {
      const segments = value.split("/").length;
      if (!forms.has(segments) && whole?.test(value)) forms.set(segments, value);
    }
    return [...forms.values()];
  }

  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#source) ?? undefined;
    if (found) this.#at = expression.lastIndex;
    return found;
  }
}

/** Each with each while they are few, else side by side. */
function joined(before: readonly string[], after: readonly string[]): string[] {
  if (before.length === 0 || after.length === 0) return [];
  const texts =
    before.length * after.length <= MOST
      ? before.flatMap((text) => after.map((next) => text + next))
      : Array.from(
          { length: Math.min(Math.max(before.length, after.length), MOST) },
          (_, at) => `${before[at % before.length] ?? ""}${after[at % after.length] ?? ""}`,
        );
  return texts.filter((text) => text.length <= LONGEST);
}
