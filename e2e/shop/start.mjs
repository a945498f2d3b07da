// Starts one shop in the foreground: pnpm shop <framework>. README.md tells its variables.
import { Console } from "node:console";
import { register } from "tsx/esm/api";

const frameworks = ["express", "hono", "next", "fastify", "workers"];

const [framework, ...rest] = process.argv.slice(2).filter((word) => word !== "--");
if (!frameworks.includes(framework) || rest.length > 0) {
  process.stderr.write(`Usage: pnpm shop <${frameworks.join("|")}>\n`);
  process.exit(1);
}
process.env.NODE_ENV ??= "production";
// Only the shop's own line goes to stdout, whatever a framework has to say.
globalThis.console = new Console(process.stderr);
register();
await import(`./${framework}/main.ts`);
