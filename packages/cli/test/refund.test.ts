import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoredPayment } from "@turnpike/core";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type Members, makePayment, offer } from "./support/payments.js";
import { run } from "./support/run.js";
import { openStage, type Stage } from "./support/stages.js";

let chain: Chain;
let stage: Stage;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain?.stop());
beforeEach(async () => {
  stage = await openStage("sqlite");
  await chain.mint(chain.accounts.seller.address, 10_000n);
});
afterEach(() => stage.close());

const KEY = "TURNPIKE_REFUND_KEY";
const key = () => chain.accounts.seller.privateKey;
const stranger = () => chain.accounts.stranger.address;
const command = (args: readonly string[], env: Readonly<Record<string, string>> = { [KEY]: key() }, more = {}) =>
  run([...args, ...stage.args], { env: { EVM_RPC_URL: chain.rpcUrl, NETWORK: chain.network, ...env }, ...more });
const refund = (id: string, ...more: string[]) =>
  command(["refund", id, "--confirmations", "1", "--trust-record", ...more]);
const given = () => chain.balanceOf(stranger());

async function owe(members: Members = {}): Promise<StoredPayment> {
  const receipt = { success: true, network: chain.network, transaction: `0x${"ab".repeat(32)}` };
  const debt = await makePayment({ state: "owed", payer: stranger(), receipt, ...members });
  await stage.put(debt);
  return debt;
}

const rowsOf = (out: string) => Object.fromEntries(out.split("\n").map((line) => line.split(/ {2,}/)));

describe("refund", () => {
  it("shows what it would send, in money, and sends nothing without --yes", async () => {
    const { id } = await owe();
    const before = await stage.read(id);
    const { code, out, err } = await refund(id);
    expect([code, err]).toEqual([0, ""]);
    expect(rowsOf(out)).toMatchObject({
      payment: id,
      from: chain.accounts.seller.address,
      to: stranger(),
      amount: "0.01 USDC",
      network: chain.network,
      fee: expect.stringMatching(/^at most 0\.\d+ ETH$/),
      transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    });
    expect(out).toContain("Nothing was sent");
    expect(await stage.read(id)).toEqual(before);
    expect(await given()).toBe(0n);
  });

  it("sends it with --yes, says so on stderr meanwhile, and refuses to do so again", async () => {
    const { id } = await owe();
    const before = await given();
    const { code, out, err } = await refund(id, "--yes");
    expect(code).toBe(0);
    expect(out).toContain("Refunded.");
    expect(err).toMatch(/^turnpike: sending 0\.01 USDC to 0x\w{40} by 0x\w{64}\n$/);
    expect(await stage.read(id)).toMatchObject({ state: "refunded", refund: { transaction: rowsOf(out).transaction } });
    expect((await given()) - before).toBe(10_000n);
    expect(await refund(id, "--yes")).toMatchObject({ code: 1, err: expect.stringContaining("(not_owed") });
    expect((await given()) - before).toBe(10_000n);
  });

  it("gives nothing back that the chain does not show to have been paid, unless told to", async () => {
    const { id } = await owe();
    const { code, err } = await command(["refund", id, "--yes"]);
    expect([code, err]).toEqual([1, expect.stringContaining("(refund_unpaid")]);
    expect(await stage.read(id)).toMatchObject({ state: "owed" });
  });

  it("prints JSON for scripts", async () => {
    const { id } = await owe();
    const planned = JSON.parse((await refund(id, "--json")).out);
    const facts = { id, amount: "10000", money: "0.01 USDC", to: stranger(), token: "USDC", resumed: false };
    expect(planned).toMatchObject({ result: "planned", state: "owed", ...facts });
    const done = await refund(id, "--json", "--yes");
    expect(JSON.parse(done.out)).toMatchObject({ result: "refunded", state: "refunded", ...facts });
    expect(done.code).toBe(0);
  });

  it("ends with 2 where it is not certain yet, and the next run goes on with the same transaction", async () => {
    const { id } = await owe();
    const before = await given();
    await chain.setAutomine(false);
    onTestFinished(() => chain.setAutomine(true));
    const first = await refund(id, "--yes", "--wait", "3");
    expect(first).toMatchObject({ code: 2, out: expect.stringContaining("It is not in a block yet") });
    const shown = await refund(id);
    expect(shown).toMatchObject({ code: 0, out: expect.stringContaining("in progress") });
    await chain.setAutomine(true);
    const last = await refund(id, "--yes");
    expect(last).toMatchObject({ code: 0, err: expect.stringContaining("resuming the refund of 0.01 USDC") });
    const transactions = [first, shown, last].map(({ out }) => rowsOf(out).transaction);
    expect(new Set(transactions).size).toBe(1);
    expect((await given()) - before).toBe(10_000n);
  });

  it("stops waiting when it is interrupted, and loses nothing", async () => {
    const { id } = await owe();
    await chain.setAutomine(false);
    onTestFinished(() => chain.setAutomine(true));
    const stop = new AbortController();
    const args = ["refund", id, "--yes", "--confirmations", "1", "--trust-record"];
    const running = command(args, { [KEY]: key() }, { signal: stop.signal });
    await expect
      .poll(async () => (await chain.publicClient.getBlock({ blockTag: "pending" })).transactions.length)
      .toBe(1);
    stop.abort();
    expect(await running).toMatchObject({ code: 2 });
    expect(await stage.read(id)).toMatchObject({ state: "refunding" });
    await chain.setAutomine(true);
    expect(await refund(id, "--yes")).toMatchObject({ code: 0 });
  });

  it("names atomic units where it does not know the token", async () => {
    const asset = `0x${"0d".repeat(20)}` as const;
    const code = await chain.publicClient.getCode({ address: chain.token.address });
    await chain.publicClient.request({ method: "anvil_setCode", params: [asset, code] } as never);
    const { id } = await owe({ offer: { ...offer, asset, amount: "0" } });
    expect((await refund(id)).err).toContain("refund_impossible");
    const rich = await owe({ offer: { ...offer, asset } });
    expect((await refund(rich.id)).err).toContain("(refund_funds");
    await chain.publicClient.request({
      method: "eth_sendTransaction",
      params: [
        {
          from: chain.accounts.payer.address,
          to: asset,
          // mint(address,uint256)
          data: `0x40c10f19${chain.accounts.seller.address.slice(2).padStart(64, "0")}${"2710".padStart(64, "0")}`,
        },
      ],
    } as never);
    expect(rowsOf((await refund(rich.id)).out)).toMatchObject({ amount: `10000 atomic units of ${asset}` });
  });

  it("takes its key from a variable or a file that only the owner can read, and never shows it", async () => {
    const { id } = await owe();
    const folder = mkdtempSync(join(tmpdir(), "turnpike-key-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = (name: string, text: string, mode = 0o600) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      chmodSync(path, mode);
      return path;
    };
    const bare = key().slice(2);
    const cases: [args: string[], env: Record<string, string>, code: string][] = [
      [[], {}, "missing_key"],
      [[], { [KEY]: "  " }, "missing_key"],
      [[], { [KEY]: `${key()}5` }, "invalid_key"],
      [[], { [KEY]: `0x${"0".repeat(64)}` }, "invalid_private_key"],
      [["--key-file", join(folder, "none")], { [KEY]: key() }, "missing_key"],
      [["--key-file", file("open", key(), 0o644)], {}, "exposed_key"],
      [["--key-file", file("group", key(), 0o640)], {}, "exposed_key"],
      [["--key-file", file("long", `${key()}${" ".repeat(300)}5`)], {}, "invalid_key"],
      [["--key", key()], {}, "invalid_arguments"],
      [[key()], { [KEY]: key() }, "invalid_arguments"],
    ];
    for (const [args, env, expected] of cases) {
      const { code, out, err } = await command(["refund", id, ...args], env);
      expect([code, out, err]).toEqual([1, "", expect.stringContaining(`(${expected}`)]);
      expect(err).not.toContain(bare.slice(0, 20));
    }
    for (const text of [key(), `${bare}\n`]) {
      const { code, out } = await command(["refund", id, "--trust-record", "--key-file", file("key", text)], {
        [KEY]: "ignored",
      });
      expect([code, rowsOf(out).from]).toEqual([0, chain.accounts.seller.address]);
    }
  });

  it("needs a node of the payment's network", async () => {
    const { id } = await owe();
    const elsewhere = { [KEY]: key(), NETWORK: "eip155:8453" };
    const cases: [env: Record<string, string>, code: string][] = [
      [{ [KEY]: key(), EVM_RPC_URL: "" }, "invalid_arguments"],
      [elsewhere, "invalid_arguments"],
      [{ [KEY]: key(), EVM_RPC_URL: "http://127.0.0.1:9/secret" }, "chain_unavailable"],
      [{ [KEY]: key(), EVM_RPC_URL: "http://node.example/secret" }, "invalid_rpc_url"],
    ];
    for (const [env, expected] of cases) {
      const { code, err } = await command(["refund", id, "--yes"], env);
      expect([code, err]).toEqual([1, expect.stringContaining(`(${expected}`)]);
      expect(err).not.toContain("secret");
    }
    const base = await owe({ offer: { ...offer, network: "eip155:8453" } });
    expect((await command(["refund", base.id], elsewhere)).err).toContain("(chain_mismatch");
    expect(await stage.read(id)).toMatchObject({ state: "owed" });
  });

  it("refuses options that make no sense, and payments that are not owed", async () => {
    const { id } = await owe({ state: "delivered" });
    for (const option of ["--confirmations", "--wait"]) {
      for (const value of ["0", "-1", "1.5", "many", "100000"]) {
        expect((await refund(id, option, value)).err).toContain("(invalid_arguments");
      }
    }
    expect((await refund(id, "--yes")).err).toContain("(not_owed");
    expect((await refund("x402:nothing", "--yes")).err).toContain("(payment_not_found");
    expect((await refund("nothing", "--yes")).err).toContain("(payment_not_found");
  });

  it("takes the short id of the payment", async () => {
    const { id } = await owe();
    const { short } = JSON.parse((await command(["show", id, "--json"])).out);
    expect(rowsOf((await refund(short)).out)).toMatchObject({ payment: id });
    const noted = ["resolve", short, "refunded", "--note", "Bank transfer", "--yes"];
    expect(await command(noted)).toMatchObject({ code: 0, out: `${id} is refunded.\n` });
  });
});

describe("resolve refunded", () => {
  const transaction = `0x${"cd".repeat(32)}`;

  it("records a transaction or a note, and only with --yes", async () => {
    for (const proof of [
      ["--transaction", transaction],
      ["--note", "Bank transfer of 28 November"],
    ]) {
      const { id } = await owe();
      const args = ["resolve", id, "refunded", ...proof];
      expect(await command(args)).toMatchObject({ code: 1, err: expect.stringContaining("(unconfirmed") });
      expect(await stage.read(id)).toMatchObject({ state: "owed" });
      expect(await command([...args, "--yes"])).toMatchObject({ code: 0, out: `${id} is refunded.\n` });
      expect(await stage.read(id)).toMatchObject({ state: "refunded", reason: "resolved_by_hand" });
      expect(await command([...args, "--yes"])).toMatchObject({ code: 1, err: expect.stringContaining("(not_owed") });
    }
  });

  it("needs one of the two, for payments that are owed", async () => {
    const { id } = await owe();
    const both = ["--transaction", transaction, "--note", "both"];
    for (const proof of [[], both, ["--note", " "], ["--note", "x".repeat(501)], ["--transaction", "0x12"]]) {
      const { code, err } = await command(["resolve", id, "refunded", "--yes", ...proof]);
      expect([code, err]).toEqual([1, expect.stringContaining("(invalid_arguments")]);
    }
    const unknown = await makePayment();
    await stage.put(unknown);
    const noted = ["resolve", unknown.id, "settled", "--transaction", transaction, "--note", "x", "--yes"];
    expect((await command(noted)).err).toContain("(invalid_arguments");
    expect((await command(["resolve", unknown.id, "refunded", "--note", "x", "--yes"])).err).toContain("(not_owed");
  });

  it("names the refund that is under way, or is forced", async () => {
    const refund = { transaction, plan: "{}" };
    const { id } = await owe({ state: "refunding", refund });
    const note = ["resolve", id, "refunded", "--note", "by bank", "--yes"];
    expect((await command(note)).err).toContain("(refund_under_way");
    expect(await command([...note, "--force"])).toMatchObject({ code: 0 });
    const other = await owe({ state: "refunding", refund });
    const named = ["resolve", other.id, "refunded", "--transaction", transaction, "--yes"];
    expect(await command(named)).toMatchObject({ code: 0 });
  });
});
