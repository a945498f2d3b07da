import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { encodeHeader, payer, readChallenge, readReceipt, startFacilitator } from "@turnpike/testing";
import { expect, it, type TestContext } from "vitest";
import { waitUntil } from "../../test/support/wait.js";
import { openPage, type Page } from "../src/page.js";

const binary = ["nginx", "/usr/sbin/nginx"].find((command) => !spawnSync(command, ["-v"]).error);

/** A case that needs nginx. Without it the case is shown as left out, with the reason. */
function withNginx(title: string, body: (page: Page, ask: Ask) => Promise<void>): void {
  it(title, async ({ skip }: TestContext) => {
    if (!binary) skip("nginx is not installed: apt-get install nginx");
    const page = await openPage("docs/nginx.md", [80, 3000, 4022]);
    await using _nginx = await startNginx(page);
    await body(page, (host, path, headers) => ask(page.origin(80), host, path, headers));
  });
}

/** The sites of the page, in a server of their own. */
async function startNginx(page: Page): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "nginx-"));
  await mkdir(join(folder, "logs"));
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const conf = `error_log ${folder}/logs/error.log; pid ${folder}/pid; daemon off; master_process off;
events {}
http { access_log off; ${paths.join(" ")} include ${page.folder}/sites-enabled/*.conf; }`;
  await writeFile(join(folder, "nginx.conf"), conf);
  const child = spawn(binary as string, ["-p", folder, "-c", join(folder, "nginx.conf")], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  const said = text(child.stderr);
  const gone = once(child, "exit");
  const serves = waitUntil(() =>
    fetch(page.origin(80)).then(
      () => true,
      () => false,
    ),
  );
  const ended = await Promise.race([serves.then(() => false), gone.then(() => true)]);
  if (ended) throw new Error(`nginx has ended: ${await said}`);
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGQUIT");
      await gone;
      await rm(folder, { recursive: true });
    },
  };
}

type Ask = (host: string, path: string, headers?: Record<string, string>) => Promise<Response>;

async function ask(
  origin: string,
  host: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const outgoing = request(`${origin}${path}`, { headers: { host, ...headers } }).end();
  const [incoming] = await once(outgoing, "response");
  const fields = Object.entries(incoming.headers as IncomingHttpHeaders).map(([name, value]) => [name, String(value)]);
  return new Response(await text(incoming), { status: incoming.statusCode, headers: fields as [string, string][] });
}

const portOf = (origin: string): number => Number(new URL(origin).port);

/** A payment whose header is as long as one may be. */
async function longest(challenge: NonNullable<ReturnType<typeof readChallenge>>): Promise<string> {
  const payment = await payer().sign(challenge);
  const padded = (length: number) =>
    encodeHeader({ ...payment, extensions: { note: { info: { text: "x".repeat(length) }, schema: {} } } } as never);
  let length = 8192;
  while (padded(length).length > 8192) length -= 1;
  return padded(length);
}

withNginx("nginx passes on the largest payment, the app's URL and the buyer's address", async (page, ask) => {
  await using facilitator = await startFacilitator({ port: portOf(page.origin(4022)) });
  await using _app = await page.start("server.ts");
  const challenge = readChallenge(await ask("api.example.com", "/weather"));
  expect(challenge?.resource.url).toBe("https://api.example.com/weather");
  const header = await longest(challenge as never);
  expect(header.length).toBeGreaterThan(8180);
  const paid = await ask("api.example.com", "/weather", {
    "payment-signature": header,
    "x-forwarded-for": "203.0.113.9",
  });
  expect([paid.status, await paid.json()]).toEqual([200, { weather: "sunny", for: "127.0.0.1" }]);
  expect(readReceipt(paid)).toMatchObject({ success: true });
  expect(facilitator.charges.length).toBe(1);
});

withNginx("nginx passes on headers of 12 KiB", async (page, ask) => {
  const server = createServer((_request, response) =>
    response.writeHead(402, { "payment-required": "x".repeat(12_000) }).end(),
  );
  server.listen(portOf(page.origin(3000)), "127.0.0.1");
  await once(server, "listening");
  const answer = await ask("api.example.com", "/weather");
  expect([answer.status, answer.headers.get("payment-required")?.length]).toEqual([402, 12_000]);
  server.close();
  server.closeAllConnections();
});

withNginx(
  "below a prefix that nginx removes, offers name the URL that buyers use, and it can be bought",
  async (page, ask) => {
    await using facilitator = await startFacilitator({ port: portOf(page.origin(4022)) });
    await using _app = await page.start("shop.ts");
    const challenge = readChallenge(await ask("example.com", "/shop/weather"));
    expect(challenge?.resource.url).toBe("https://example.com/shop/weather");
    const payment = await payer().header(challenge as never);
    expect((await ask("example.com", "/shop/weather", { "payment-signature": payment })).status).toBe(200);
    expect(facilitator.charges.length).toBe(1);
  },
);
