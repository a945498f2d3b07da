/** One table of the report. */
export interface Table {
  readonly title: string;
  /** What the figures are. */
  readonly note: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What a part of the run found out: for people, and for `results/latest.json`. */
export interface Findings {
  readonly tables: readonly Table[];
  readonly figures: Readonly<Record<string, unknown>>;
  /** What could not be run. */
  readonly failures: readonly string[];
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
export function renderTable({ title, note, head, rows }: Table): string {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  return [`${title}`, note, "", line(head), rule, ...rows.map(line), ""].join("\n");
}

/** Three figures that matter, or fewer. */
export function show(figure: number | undefined): string {
  if (figure === undefined || !Number.isFinite(figure)) return "";
  const size = Math.abs(figure);
  return figure.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** How many times `part` is `whole`. */
export function showRatio(part: number | undefined, whole: number | undefined): string {
  if (part === undefined || whole === undefined || whole === 0) return "";
  return `${show(part / whole)} ×`;
}

/** A budget of the design beside what was measured. */
export function showBudget(figure: number | undefined, limit: number | undefined, unit: string): string {
  if (limit === undefined || figure === undefined) return "";
  return `${figure <= limit ? "met" : "missed"} (≤ ${limit} ${unit})`;
}

/** Why something could not be run, in short. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 600);
}
