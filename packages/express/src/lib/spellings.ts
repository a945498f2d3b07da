/**
 * Other spellings of a path that code which resolves paths takes for the same.
 * @param others paths that are served elsewhere, which a client can climb out of
 */
export function spellingsOf(path: string, others: readonly string[]): string[] {
  const letter = path.search(/[a-z]/i);
  const code = letter < 0 ? "" : `%${path.charCodeAt(letter).toString(16)}`;
  const second = path.indexOf("/", 1);
  const with2nd = (text: string) => (second < 0 ? [] : [path.slice(0, second) + text + path.slice(second + 1)]);
  const last = path.lastIndexOf("/");
  const found = [
    ...(letter < 0 ? [] : [path.slice(0, letter) + code + path.slice(letter + 1)]),
    `/${path}`,
    `/.${path}`,
    `/%2e${path}`,
    `/x/..${path}`,
    `/x/%2e%2e${path}`,
    `/x/..%2f${path.slice(1)}`,
    ...with2nd("%2f"),
    ...with2nd("%5c"),
    ...with2nd("\\"),
    ...with2nd("//"),
    // Express 4 takes one slash more for the end of a mount's path.
    ...with2nd("///"),
    ...with2nd("/./"),
    ...with2nd(";x/"),
    ...(last > 0 ? [`${path.slice(0, last)}%2F${path.slice(last + 1)}`] : []),
    ...others.flatMap((other) => {
      const up = "/..".repeat(other.split("/").length - 1);
      return [other + up + path, other + up.replaceAll(".", "%2e") + path];
    }),
    ...lettersOf(path),
    `${path}/`,
  ];
  return [...new Set(found)].filter((spelling) => spelling !== path);
}

/** The path in other letter cases: all of it, and only its first segment. */
function lettersOf(path: string): string[] {
  const second = path.indexOf("/", 1);
  const [first, rest] = second < 0 ? [path, ""] : [path.slice(0, second), path.slice(second)];
  const flipped = first.replace(/[a-z]/gi, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );
  return [path.toUpperCase(), path.toLowerCase(), flipped + rest, first + rest.toUpperCase()];
}
