import { CommandError } from "./errors.js";

/** A year and a month, with or without a day, and then perhaps a time. */
const WRITTEN = /^(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?)?$/i;

/**
 * A moment as operators write it: `2026-11`, `2026-11-01` or `2026-11-01T08:00Z`. In UTC, unless it names another zone.
 * @param option for the message
 * @returns Unix milliseconds
 */
export function readTime(option: string): (text: string) => number {
  return (text) => {
    const [, year = "", month = "", day = "01", clock = "00:00", zone = "Z"] = WRITTEN.exec(text.trim()) ?? [];
    const date = new Date(`${year}-${month}-${day}T00:00Z`);
    const time = Date.parse(`${year}-${month}-${day}T${clock}${zone.toUpperCase()}`);
    // JavaScript takes 30 February for 2 March.
    if (Number.isFinite(time) && date.getUTCDate() === Number(day)) return time;
    throw new CommandError(
      "invalid_arguments",
      `${option} must be a date or a time in UTC, such as 2026-11-01 or 2026-11-01T08:00Z`,
    );
  };
}

export function isoTime(milliseconds: number): string {
  return isTime(milliseconds) ? new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z") : "-";
}

/** To the minute, in UTC, for tables. */
export function minuteOf(milliseconds: number): string {
  return isTime(milliseconds) ? new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ") : "-";
}

function isTime(milliseconds: number): boolean {
  return Number.isFinite(milliseconds) && Math.abs(milliseconds) < 8.64e15;
}
