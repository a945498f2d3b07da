/** Texts that are made of one expression. */
const MOST_FORMS = 24;
/** Where a form has a value, and not a text of its own. */
const VALUE = "\0";

/**
 * Texts that an expression of usual form may match: of each alternative, with and without what may be left out, and with
 * each of the values where it takes any sign. Each is to be tried with the expression itself.
 * @returns those of one form together
 */
export function textsOf({ source }: RegExp, values: readonly string[]): string[][] {
  // A slash at the end that may be left out makes no other form.
  const forms = new Set(new Reader(source.replace(/\\\/\?(?=\(\?=|\$|\||\)|$)/g, "")).alternatives());
  return [...forms].map((form) =>
    form.includes(VALUE) ? values.map((value) => form.replaceAll(VALUE, value)) : [form],
  );
}

class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
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
      const choices = /^(?:[?*]|\{0)/.test(times) ? [...atom, ""] : atom;
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
    if (this.#take(/\[\^?(?:[^\]\\]|\\.)*\]|\\[dwsDWS]|\./y) !== undefined) return [VALUE];
    return [(this.#take(/\\?./sy) as string).replace(/^\\/, "")];
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const taken = pattern.exec(this.#source)?.[0];
    this.#at += taken?.length ?? 0;
    return taken;
  }
}
