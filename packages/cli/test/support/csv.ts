/** Reads CSV by RFC 4180, and nothing looser. */
export function readCsv(text: string): string[][] {
  const records: string[][] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  let record: string[] = [];
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const [, quoted, bare, end] = cell.exec(text) ?? [];
    if (end === undefined) throw new Error(`This is no CSV: ${JSON.stringify(text.slice(at, at + 80))}`);
    record.push(quoted?.replaceAll('""', '"') ?? bare ?? "");
    if (end !== ",") {
      records.push(record);
      record = [];
    }
  }
  return records;
}

/** Each record by the names of the first one. */
export function readRows(text: string): Record<string, string>[] {
  const [names = [], ...records] = readCsv(text);
  return records.map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ""])));
}
