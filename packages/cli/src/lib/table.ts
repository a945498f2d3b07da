import type { Io } from "./io.js";
import { plain, shorten } from "./text.js";

/** One column of a table. */
export interface Column<Row> {
  readonly heading: string;
  /** Text, or nothing. */
  readonly cell: (row: Row) => string | undefined;
  /** Characters to which cells may be shortened; without, they stay whole. */
  readonly least?: number;
  /** Where a table is still too wide, the column with the lowest number goes first; without, it stays. */
  readonly leave?: number;
  /** Numbers are right-aligned. */
  readonly right?: boolean;
}

/** A table whose widths are decided. */
export interface Table<Row> {
  readonly head: string;
  rows(rows: readonly Row[]): string;
}

const GAP = "  ";
/** Columns where the output goes to no terminal, and none are named. */
const USUAL = 80;

/** Columns that a table may have. */
export function widthOf({ columns, env }: Pick<Io, "columns" | "env">): number {
  const named = Number(env.COLUMNS);
  return columns ?? (Number.isInteger(named) && named > 0 ? named : USUAL);
}

/**
 * Decides the widths of a table.
 * @param rows by which they are decided: all of them, or the first ones
 * @param width characters of a line; without, nothing is shortened or left out
 */
export function layOut<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width = Number.POSITIVE_INFINITY,
): Table<Row> {
  const fitting = squeeze(
    columns.map((column) => measure(column, rows)),
    width,
  );
  const line = (cells: readonly string[]) => `${cells.join(GAP).trimEnd()}\n`;
  const place = (text: string, { column, size }: Measured<Row>) => {
    // A later row may be longer than those that the widths were decided by.
    const shown = column.least !== undefined && width !== Number.POSITIVE_INFINITY ? shorten(text, size) : text;
    return column.right ? shown.padStart(size) : shown.padEnd(size);
  };
  return {
    head: line(fitting.map((measured) => place(measured.column.heading, measured))),
    rows: (all) =>
      all.map((row) => line(fitting.map((measured) => place(textOf(measured.column, row), measured)))).join(""),
  };
}

interface Measured<Row> {
  readonly column: Column<Row>;
  readonly size: number;
}

function textOf<Row>({ cell }: Column<Row>, row: Row): string {
  return plain(cell(row) || "-");
}

function measure<Row>(column: Column<Row>, rows: readonly Row[]): Measured<Row> {
  const longest = rows.reduce((most, row) => Math.max(most, Array.from(textOf(column, row)).length), 0);
  return { column, size: Math.max(longest, column.heading.length) };
}

/** Shortens the longest cells first; what is too wide then loses columns. */
function squeeze<Row>(columns: readonly Measured<Row>[], width: number): readonly Measured<Row>[] {
  const least = ({ column: { least = Number.POSITIVE_INFINITY, heading }, size }: Measured<Row>) =>
    Math.min(size, Math.max(least, heading.length));
  const total = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size + GAP.length, -GAP.length);
  if (total(columns.map(least)) > width) {
    const [first] = columns
      .filter(({ column }) => column.leave !== undefined)
      .sort((a, b) => (a.column.leave as number) - (b.column.leave as number));
    if (first)
      return squeeze(
        columns.filter((measured) => measured !== first),
        width,
      );
  }
  const sizes = columns.map(({ size }) => size);
  for (let over = total(sizes) - width; over > 0; over--) {
    const free = columns.map((measured, index) => ((sizes[index] as number) > least(measured) ? index : -1));
    const widest = free.reduce(
      (best, index) => (index >= 0 && (sizes[index] as number) > (sizes[best] ?? 0) ? index : best),
      -1,
    );
    if (widest < 0) break;
    sizes[widest] = (sizes[widest] as number) - 1;
  }
  return columns.map((measured, index) => ({ ...measured, size: sizes[index] as number }));
}
