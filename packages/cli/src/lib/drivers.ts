import { CommandError } from "./errors.js";

/**
 * Loads what only some commands need.
 * @param driver the package to install if it is not there
 * @param needs what requires it, for the message
 */
export async function load<T>(driver: string, needs: string, importer: () => Promise<T>): Promise<T> {
  try {
    return await importer();
  } catch (error) {
    const code: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    throw new CommandError("missing_driver", `${needs} needs the package ${driver}: npm install ${driver}`);
  }
}
