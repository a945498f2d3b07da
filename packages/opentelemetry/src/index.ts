export { type OpenTelemetryObserver, type OpenTelemetryOptions, openTelemetry } from "./lib/observer.js";
export type { WatchedHealth, WatchedPaywall } from "./lib/watch.js";
