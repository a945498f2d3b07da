import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { text } from "node:stream/consumers";
import { payer, startFacilitator } from "@turnpike/testing";
import { Client } from "pg";
import { expect, it } from "vitest";
import { startProgram } from "../../test/support/process.js";
import { withService } from "../../test/support/services.js";
import { buyAcross } from "../src/browser.js";
import { openPage, type Page } from "../src/page.js";
import { root } from "../src/samples.js";

const next = createRequire(import.meta.url).resolve("next/dist/bin/next");
const database = `docs_${process.pid}`;
const at = (name: string): string => `postgres://postgres@127.0.0.1:5432/${name}`;

let page: Page;

it("the app of the pages on Vercel and CORS builds, without a database", { timeout: 600_000 }, async () => {
  page = await openPage("docs/vercel.md", [4022]);
  const cors = await openPage("docs/cors.md", page.ports);
  for (const file of ["next.config.ts", "app/forecast/route.ts"]) await cors.copy(file, page.folder);
  const settings = { compilerOptions: { paths: { "@/*": ["./*"] } } };
  await writeFile(join(page.folder, "tsconfig.json"), JSON.stringify(settings));
  await build(page.folder);
});

withService(
  "PostgreSQL",
  5432,
  "it sells, is reconciled by its cron job, and lets pages of other origins pay",
  async () => {
    const { crons } = JSON.parse(page.samples.find(({ language }) => language === "json")?.code ?? "");
    expect(existsSync(join(page.folder, "app", crons[0].path, "route.ts"))).toBe(true);

    await using _database = await createDatabase();
    await using facilitator = await startFacilitator({ port: Number(new URL(page.origin(4022)).port) });
    await using app = await startProgram([next, "start", "--hostname", "127.0.0.1", "--port", "0"], {
      cwd: relative(root, page.folder),
      env: { DATABASE_URL: at(database), CRON_SECRET: "a secret of the test", NEXT_TELEMETRY_DISABLED: "1" },
      ready: /Local: +(http:\S+)/,
    });
    const { response } = await payer().buy(`${app.origin}/weather`);
    expect([response.status, await response.json()]).toEqual([200, { weather: "sunny" }]);

    const reconcile = `${app.origin}${crons[0].path}`;
    expect((await fetch(reconcile)).status).toBe(401);
    const job = await fetch(reconcile, { headers: { authorization: "Bearer a secret of the test" } });
    expect([job.status, await job.json()]).toMatchObject([200, { examined: expect.any(Number) }]);

    await buyAcross(`${app.origin}/forecast`);
    expect(facilitator.charges.length).toBe(2);
  },
);

async function build(folder: string): Promise<void> {
  const env = { ...process.env, NODE_ENV: "production" as const, NEXT_TELEMETRY_DISABLED: "1" };
  const child = spawn(process.execPath, [next, "build"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`next build: ${(await said).join("\n")}`);
}

async function createDatabase(): Promise<AsyncDisposable> {
  const run = async (query: string) => {
    const client = new Client(at("test"));
    await client.connect();
    await client.query(query);
    await client.end();
  };
  await run(`create database ${database}`);
  return { [Symbol.asyncDispose]: () => run(`drop database ${database} with (force)`) };
}
