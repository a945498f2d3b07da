import type { ConfigProblem } from "./errors.js";
import { suggestion } from "./nearest.js";

/**
 * Finds unknown options, since a misspelt one would be ignored silently and its default used.
 * @param where the function that takes the options, for example `redisStore`
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
