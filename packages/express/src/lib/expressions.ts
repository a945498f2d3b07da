/** Texts that are made of one expression. */
const MOST_FORMS = 24;
/** Where a form has a value, and not a text of its own. */
const VALUE = "\0";
/** Repetitions of one character at most. */
const LONGEST = 128;
const characters = [..."x1aA0-_.~"];

/**
 * Texts that an expression of usual form may match: of each alternative, with and without what may be left out, and with
 * each of the values where it takes any sign. Each is to be tried with the expression itself.
 * @returns those of one form together
 */
export function textsOf({ source }: RegExp, values: readonly string[]): string[][] {
  const forms = formsOf(source, () => VALUE);
  return forms.map((form) => (form.includes(VALUE) ? values.map((value) => form.replaceAll(VALUE, value)) : [form]));
}

/** The same with single characters where it takes any of some, as often as it wants them: for ids and dates of a fixed length. */
export function spelledTextsOf({ source }: RegExp): string[] {
  return formsOf(source, (sign) => characters.find((character) => new RegExp(`^${sign}$`).test(character)) ?? "x");
}

function formsOf(source: string, spell: (sign: string) => string): string[] {
  // A slash at the end that may be left out makes no other form.
  const text = source.replace(/\\\/\?(?=\(\?=|\$|\||\)|$)/g, "");
  return [...new Set(new Reader(text, spell).alternatives())];
}

class Reader {
  readonly #source: string;
  readonly #spell: (sign: string) => string;
  #at = 0;

  constructor(source: string, spell: (sign: string) => string) {
    this.#source = source;
    this.#spell = spell;
  }

  alternatives(): string[] {
    const found = this.#sequence();
    while (this.#take(/\|/y)) found.push(...this.#sequence());
    return found.slice(0, MOST_FORMS);
  }

  #sequence(): string[] {
    let texts = [""];
    while (this.#at < this.#source.length && !/[|)]/.test(this.#source[this.#at] as string)) {
      const atom = this.#atom();
      const times = this.#take(/(?:[?*+]|\{\d+(?:,\d*)?\})\??/y) ?? "";
      const repeated = atom.map((text) => (text.includes(VALUE) ? text : text.repeat(countOf(times))));
      const choices = /^(?:[?*]|\{0)/.test(times) ? [...repeated, ""] : repeated;
      texts = texts.flatMap((text) => choices.map((choice) => text + choice)).slice(0, MOST_FORMS);
    }
    return texts;
  }

  #atom(): string[] {
    if (this.#take(/[\^$]|\\[bB]/y) !== undefined) return [""];
    const group = this.#take(/\((?:\?(?:[:=!]|<[=!]|<\w+>))?/y);
    if (group !== undefined) {
      const inner = this.alternatives();
      this.#at++;
      return /[=!]$/.test(group) ? [""] : inner;
    }
    const sign = this.#take(/\[\^?(?:[^\]\\]|\\.)*\]|\\[dwsDWS]|\./y);
    if (sign !== undefined) return [this.#spell(sign)];
    return [(this.#take(/\\?./sy) as string).replace(/^\\/, "")];
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const taken = pattern.exec(this.#source)?.[0];
    this.#at += taken?.length ?? 0;
    return taken;
  }
}

function countOf(times: string): number {
  const [, least = "1"] = /^\{(\d+)/.exec(times) ?? [];
  return Math.min(Math.max(Number(least), 1), LONGEST);
}
