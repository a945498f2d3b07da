/** What a terminal might obey, or would show in another order than it is written. */
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

/** Columns under their headings, as wide as what is in them. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows].map((cells) => cells.map(plain));
  const widths = headings.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines
    .map(
      (cells) =>
        `${cells
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
