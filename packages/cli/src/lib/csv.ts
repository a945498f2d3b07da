import { plain } from "./text.js";

/** What spreadsheets take for the beginning of a formula, in either width. */
const FORMULA = /^[=+\-@＝＋－＠]/;
/** What separates cells somewhere, or could be taken for a quote. */
const QUOTED = /[",;|]|^ | $/;

/**
 * One record of RFC 4180. Routes and ids come from requests: control characters are escaped, as they are elsewhere, and what a
 * spreadsheet would compute gets an apostrophe in front, by which spreadsheets know text.
 */
export function csvLine(cells: readonly (string | number | undefined)[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(value: string | number | undefined): string {
  const text = plain(String(value ?? ""));
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
