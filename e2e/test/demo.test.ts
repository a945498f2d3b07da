import { expect, test } from "vitest";
import { runToEnd } from "./support/process.js";

test("the demo shows a purchase from the 402 to the balances, and ends with 0", async () => {
  const { code, stdout, stderr } = await runToEnd(["--import", "tsx", "demo/main.ts"], { cwd: "e2e" });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("402 Payment Required");
  expect(stdout).toContain("10000 millionths of a USDC, which is 0.01 USDC");
  expect(stdout).toContain('{"weather":"sunny"}');
  expect(stdout).toMatch(/transaction +0x[0-9a-f]{64}\n/);
  expect(stdout).toMatch(/buyer +1000 USDC\n +seller +0 USDC\n[\s\S]*buyer +999\.99 USDC\n +seller +0\.01 USDC\n/);
});
