/** What a terminal might interpret, or display in another order. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escapeUnits = (text: string) =>
  text.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Text of one line: routes and ids come from requests, and may hold anything. */
export function plain(text: string): string {
  return text.replace(UNSAFE, escapeUnits);
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replace(UNSAFE, (found) => (found === "\n" ? found : escapeUnits(found)))}\n`;
}

/** An array as `json` prints it, one member after the other. */
export function jsonArray(): { member(value: unknown): string; end(): string } {
  let count = 0;
  return {
    member: (value) => {
      const indented = json(value).trimEnd().replaceAll("\n", "\n  ");
      return `${count++ === 0 ? "[" : ","}\n  ${indented}`;
    },
    end: () => (count === 0 ? "[]\n" : "\n]\n"),
  };
}

/** Text of at most so many characters; what is longer loses its middle. */
export function shorten(text: string, width: number): string {
  const characters = Array.from(text);
  if (characters.length <= width) return text;
  const tail = Math.floor((width - 1) / 2);
  return [...characters.slice(0, width - 1 - tail), "…", ...characters.slice(characters.length - tail)].join("");
}

/** Lines of a name and a value, the values below each other. */
export function facts(lines: readonly (readonly [name: string, value: string | undefined])[]): string {
  const known = lines.flatMap(([name, value]) => (value === undefined ? [] : [[name, plain(value)] as const]));
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join("");
}
