import { cpus, loadavg, platform, release, totalmem } from "node:os";

/** What the figures were measured on. */
export function describeMachine() {
  const [first, ...others] = cpus();
  return {
    processor: first?.model.trim() ?? "unknown",
    cores: others.length + 1,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    system: `${platform()} ${release()}`,
    node: process.version,
    /** Processes that wanted a core in the last minute: above the number of cores, figures are not to be trusted. */
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}
