import type { ConfigProblem } from "./errors.js";
import { suggestion } from "./nearest.js";

/**
 * Options that do not exist: a misspelt one would be left out in silence, and its default would hold.
 * @param where the function that takes them, for example `redisStore`
 */
export function unknownOptions(where: string, options: object, known: readonly string[]): ConfigProblem[] {
  return Object.keys(options)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      code: "unknown_option",
      path: `${where}.${name}`,
      message: `there is no such option${suggestion(name, known)}`,
    }));
}
