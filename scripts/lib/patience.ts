import { vi } from "vitest";

/** `vi.waitUntil` and `vi.waitFor` give up after a second unless told otherwise; a busy machine takes longer. */
const patience = { timeout: 60_000, interval: 20 };

const { waitUntil, waitFor } = vi;
type Options = Parameters<typeof waitUntil>[1];
const withPatience = (options: Options) => (typeof options === "number" ? options : { ...patience, ...options });
vi.waitUntil = (condition, options) => waitUntil(condition, withPatience(options));
vi.waitFor = (callback, options) => waitFor(callback, withPatience(options));
