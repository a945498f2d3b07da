import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished } from "vitest";
import { openRefundStage, PRICE, type RefundStage } from "./support/refund-stage.js";
import { withService } from "./support/services.js";

// The samples of docs/refunds.md, as they stand but for the network and the prefix of the records.

const page = fileURLToPath(new URL("../../docs/refunds.md", import.meta.url));
const folder = fileURLToPath(new URL("../.cache/refunds/", import.meta.url));

let stage: RefundStage;
beforeAll(async () => {
  stage = await openRefundStage();
});
afterAll(async () => void (await stage?.[Symbol.asyncDispose]()));

/** Runs the program that the page names so. */
async function runSample(name: string) {
  const text = await readFile(page, "utf8");
  const [, code = ""] = text.split(`\`\`\`ts\n// ${name}\n`).map((part) => part.split("```")[0] ?? "");
  expect(code).not.toBe("");
  await mkdir(folder, { recursive: true });
  const file = `${folder}${name}`;
  await writeFile(file, code.replace('"base"', '"base-sepolia"').replace('"shop"', JSON.stringify(stage.prefix)));
  const { chain } = stage;
  const variables = {
    REDIS_URL: "redis://127.0.0.1:6379",
    BASE_RPC_URL: chain.rpcUrl,
    REFUND_KEY: chain.accounts.seller.privateKey,
  };
  const child = spawn(process.execPath, ["--import", "tsx", file], {
    cwd: folder,
    env: { ...process.env, ...variables },
  });
  onTestFinished(() => void child.kill());
  let [out, err] = ["", ""];
  child.stdout.on("data", (data) => {
    out += data;
  });
  child.stderr.on("data", (data) => {
    err += data;
  });
  const [exit] = await once(child, "close");
  expect([exit, err]).toEqual([0, ""]);
  return out;
}

describe("docs/refunds.md", () => {
  withService("Redis", 6379, "gives back every owed payment by the program that it shows", async () => {
    const debts = [await stage.owe(), await stage.owe()];
    const before = await stage.held();
    // The sample waits for the blocks that it waits for on Base.
    const mining = setInterval(() => void stage.chain.mine(), 200);
    onTestFinished(() => clearInterval(mining));
    const out = await runSample("refund.ts");
    expect(out.match(/10000 atomic units of USDC/g)).toHaveLength(2);
    for (const { id, record } of debts) {
      expect(out).toContain(`${id} refunded`);
      expect((await record()).state).toBe("refunded");
    }
    expect((await stage.held()) - before).toBe(2n * PRICE);
  });

  withService("Redis", 6379, "writes down a refund by hand by the program that it shows", async () => {
    const { record } = await stage.owe();
    await runSample("by-hand.ts");
    expect(await record()).toMatchObject({ state: "refunded", refund: { note: "Bank transfer of 28 November" } });
  });
});
