/** Texts kept for one expression, and the longest of them: longer paths cannot be offered. */
const MOST = 64;
const LONGEST = 1_500;

/** What a character of a text is picked from, the usual ones first. */
const characters = [
  ..."a1-x0AZ_z9~.!$&'()*+,;=:@ \"<>[]\\^`{|}bcdefghijklmnopqrstuvwyBCDEFGHIJKLMNOPQRSTUVWXY2345678/éя中",
];

/** What examples show about a regular expression. */
export interface Texts {
  /** What it matches. */
  readonly texts: readonly string[];
  /** Whether each alternative, and what may be left out both ways, is in one of them; what is not read has none. */
  readonly whole: boolean;
}

/**
 * Texts that a regular expression matches, made of its parts: each alternative, and what may be left out both ways. What is
 * not read here, as what looks ahead, yields texts that do not match, so each is tried with the expression itself.
 * @param usual Values for a run of characters, as `[a-z]+`: the first that fits for each number of segments. Where none
 * fits, some are made.
 * @param matches whether the expression takes a text
 * @example textsOf("^/weather\\.(json|xml)$", [], () => true).texts; // ["/weather.json", "/weather.xml"]
 */
export function textsOf(source: string, usual: readonly string[], matches: (text: string) => boolean): Texts {
  const reader = new Reader(source, usual);
  const made = reader.choices().map((marked) => ({ marked, text: marked.replace(marks, "") }));
  const right = made.filter(({ text }) => matches(text));
  const shown = new Set(right.flatMap(({ marked }) => marked.match(marks) ?? []));
  const whole = right.length > 0 && reader.isRead && shown.size === reader.choicesMade;
  return { texts: [...new Set(right.map(({ text }) => text))], whole };
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

/** Notes in a text which choices made it: one character of private use for each. */
const marks = /[\ue000-\uf8ff]/g;
const FIRST_MARK = 0xe000;
const MOST_MARKS = 0x1900;

/**
 * What restricts a text by another one, and what a sign for several characters is written by: of these, texts that match
 * do not show all. What only looks for the end of a segment is no such thing.
 */
const unread = /\\[1-9]|\\k|\\u\{|\(\?<?=(?!(?:\\?\/|\$|\|)*\))|[\ue000-\uf8ff]|\(\?[a-z-]*:(?<!\(\?:)/;

class Reader {
  readonly #source: string;
  readonly #usual: readonly string[];
  #at = 0;
  #cut = false;
  /** Choices of which each must be in a text. */
  choicesMade = 0;

  constructor(source: string, usual: readonly string[]) {
    this.#source = source;
    this.#usual = usual;
  }

  /** Whether everything was understood, and nothing left out at a limit. */
  get isRead(): boolean {
    return !this.#cut && !unread.test(this.#source);
  }

  choices(): string[] {
    const all: string[][] = [];
    do all.push(this.#sequence());
    while (this.#take(/\|/y));
    const texts = all.length > 1 ? all.flatMap((some) => this.#marked(some)) : (all[0] ?? []);
    return this.#few(texts);
  }

  #marked(texts: readonly string[]): string[] {
    if (this.choicesMade >= MOST_MARKS) {
      this.#cut = true;
      return [...texts];
    }
    const mark = String.fromCharCode(FIRST_MARK + this.choicesMade++);
    return texts.map((text) => mark + text);
  }

  /** One for each set of choices, if there are too many. */
  #few(texts: readonly string[]): string[] {
    if (texts.length <= MOST) return [...texts];
    const few = onePerChoice(texts);
    if (few.length > MOST) this.#cut = true;
    return few.slice(0, MOST);
  }

  #sequence(): string[] {
    let texts = [""];
    while (this.#at < this.#source.length && !"|)".includes(this.#source.charAt(this.#at))) {
      texts = this.#joined(texts, this.#part());
    }
    return texts;
  }

  #part(): string[] {
    const [open] = this.#take(opening) ?? [];
    if (open !== undefined) {
      const looks = /[=!]$/.test(open);
      const made = this.choicesMade;
      const texts = this.choices();
      this.#take(/\)/y);
      // What it looks for is not in the text.
      if (looks) this.choicesMade = made;
      return this.#repeated(looks ? [""] : texts);
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
    const some = fitting.length > 0 ? fitting : this.#times(texts, from, to);
    return from === 0 && to > 0 ? [...this.#marked(some), ...this.#marked([""])] : some;
  }

  #times(texts: readonly string[], from: number, to: number): string[] {
    const counts = new Set([from, Math.min(from + 1, to), to]);
    if (to > 0) counts.delete(0);
    const all = [...counts].flatMap((times) => {
      const fit = times > LONGEST ? [] : texts.filter(({ length }) => length * times <= LONGEST);
      if (fit.length < texts.length) this.#cut = true;
      if (fit.length === 0) return [];
      const mixed = Array.from({ length: times }, (_, at) => fit[at % fit.length] ?? "").join("");
      return [mixed, ...fit.map((text) => text.repeat(times))];
    });
    return this.#few([...new Set(all)]);
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

  /** Each with each while they are few, else one for each set of choices, and at last side by side. */
  #joined(before: readonly string[], after: readonly string[]): string[] {
    if (before.length === 0 || after.length === 0) return [];
    const isMany = before.length * after.length > MOST;
    const [one, other] = isMany ? [onePerChoice(before), onePerChoice(after)] : [before, after];
    const each = one.length * other.length <= MOST;
    if (!each) this.#cut = true;
    const side = (texts: readonly string[], at: number) => texts[at % texts.length] ?? "";
    const texts =
      !isMany || (each && one.length * other.length > 1)
        ? one.flatMap((text) => other.map((next) => text + next))
        : Array.from(
            { length: Math.min(Math.max(before.length, after.length), MOST) },
            (_, at) => side(before, at) + side(after, at),
          );
    const short = texts.filter((text) => text.length <= LONGEST);
    if (short.length < texts.length) this.#cut = true;
    return short;
  }
}

/** And one for each number of segments. */
function onePerChoice(texts: readonly string[]): string[] {
  const kept = new Map<string, string>();
  for (const text of texts) {
    const choices = `${[...new Set(text.match(marks))].toSorted().join("")}${text.split("/").length}`;
    if (!kept.has(choices)) kept.set(choices, text);
  }
  return [...kept.values()];
}
