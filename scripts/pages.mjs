// Run by pnpm in a package's folder, before and after it is packed.
import { packPages, restorePages } from "./lib/pages.mjs";

const acts = { pack: packPages, restore: restorePages };
acts[process.argv[2]](process.cwd());
