// Builds every package.
import { build } from "./lib/build.mjs";
import { ensureInstalled, requireNode } from "./lib/install.mjs";
import { say } from "./lib/process.mjs";
import { listPackages } from "./lib/workspace.mjs";

requireNode();
await ensureInstalled();
const start = performance.now();
if (!(await build())) process.exit(1);
say(`Built ${listPackages().length} packages in ${((performance.now() - start) / 1000).toFixed(1)} s.`);
