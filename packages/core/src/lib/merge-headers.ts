/** Fields that both the app and the engine add to: the engine's values join the app's, they do not replace them. */
const listFields: ReadonlySet<string> = new Set(["vary", "access-control-expose-headers"]);

/**
 * The value a response field has once the engine has set it. A list field keeps what the app has put there and gains
 * what is missing, compared without regard to case; any other field takes the engine's value. `Vary: *` says it all. An
 * exposed `*` does not: of a request with credentials it names a field that is called `*` (Fetch, CORS protocol).
 */
export function mergeHeader(name: string, existing: string | undefined, value: string): string {
  if (!existing || !listFields.has(name.toLowerCase())) return value;
  const present = new Set(members(existing).map((member) => member.toLowerCase()));
  if (present.has("*") && name.toLowerCase() === "vary") return existing;
  const missing = members(value).filter((member) => !present.has(member.toLowerCase()));
  return missing.length === 0 ? existing : `${existing}, ${missing.join(", ")}`;
}

function members(list: string): string[] {
  return list
    .split(",")
    .map((member) => member.trim())
    .filter((member) => member !== "");
}
