/** Readings of one expression that are tried: each decides anew what is optional, and which alternative is taken. */
const MOST_TEXTS = 12;
/** Characters of a text at most. */
const LONGEST = 512;
/** Characters that a class is asked for. */
const tried = [..."x1aA0-_.~zZ9bB /"];

/**
 * Texts that an expression may match. Each is then tried with the expression itself, so a text may be wrong; an expression
 * that cannot be read gives none.
 */
export function textsOf(source: string): string[] {
  const texts = new Set<string>();
  for (let reading = 0; reading < MOST_TEXTS; reading++) {
    try {
      texts.add(new Reader(source, reading).all());
    } catch {
      return [...texts];
    }
  }
  return [...texts];
}

class Reader {
  readonly #source: string;
  #at = 0;
  #reading: number;

  constructor(source: string, reading: number) {
    this.#source = source;
    this.#reading = reading;
  }

  all(): string {
    const text = this.#alternatives();
    if (this.#at < this.#source.length || text.length > LONGEST) throw new Error("unreadable");
    return text;
  }

  /** One of several, by the reading. */
  #choose(count: number): number {
    const chosen = this.#reading % count;
    this.#reading = Math.floor(this.#reading / count);
    return chosen;
  }

  #alternatives(): string {
    const all = [this.#sequence()];
    while (this.#take("|")) all.push(this.#sequence());
    return all[this.#choose(all.length)] as string;
  }

  #sequence(): string {
    let text = "";
    while (this.#at < this.#source.length && !"|)".includes(this.#peek())) text += this.#quantified();
    return text;
  }

  #quantified(): string {
    const atom = this.#atom();
    const [quantifier = "", least = ""] = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(this.#source.slice(this.#at)) ?? [];
    this.#at += quantifier.length;
    if (quantifier === "") return atom;
    const min = quantifier.startsWith("+") ? 1 : Number(least || 0);
    return atom.repeat(Math.min(min === 0 ? 1 - this.#choose(2) : min, LONGEST));
  }

  #atom(): string {
    if (this.#take("^") || this.#take("$")) return "";
    if (this.#take("(")) return this.#group();
    if (this.#take("[")) return this.#class();
    if (this.#take(".")) return "x";
    if (this.#take("\\")) return this.#escape();
    return this.#next();
  }

  #group(): string {
    const looks = /^\?<?[=!]/.exec(this.#source.slice(this.#at));
    const [opening = ""] = /^\?(?::|<\w+>|<?[=!])/.exec(this.#source.slice(this.#at)) ?? [];
    this.#at += opening.length;
    const text = this.#alternatives();
    if (!this.#take(")")) throw new Error("unreadable");
    return looks ? "" : text;
  }

  #class(): string {
    const start = this.#at - 1;
    while (!this.#take("]")) if (this.#next() === "\\") this.#next();
    const test = new RegExp(this.#source.slice(start, this.#at));
    const found = tried.find((char) => test.test(char));
    if (found !== undefined) return found;
    // The first that it names.
    return this.#source.charAt(start + 1);
  }

  #escape(): string {
    const char = this.#next();
    if (/[bB]/.test(char)) return "";
    if (/[dDwWsS]/.test(char)) return tried.find((one) => new RegExp(`\\${char}`).test(one)) as string;
    if (/[1-9kpPxucn-v]/.test(char)) throw new Error("unreadable");
    return char;
  }

  #peek(): string {
    return this.#source.charAt(this.#at);
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }

  #next(): string {
    if (this.#at >= this.#source.length) throw new Error("unreadable");
    return this.#source.charAt(this.#at++);
  }
}
