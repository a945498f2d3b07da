import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { load } from "../src/lib/drivers.js";
import { describeError } from "../src/lib/errors.js";
import { makePayment } from "./support/payments.js";
import { run } from "./support/run.js";
import { openStage, type Stage } from "./support/stages.js";

const SECRET = "hunter2";
const COMMANDS = ["reconcile", "payments", "show", "sales", "resolve", "refund", "health"];

/** The command fails with this code, in one line on stderr that has no secret in it. */
async function expectRefusal(args: string[], code: string, env: Record<string, string> = {}): Promise<string> {
  const ran = await run(args, { env });
  expect({ args, code: ran.code, out: ran.out }).toEqual({ args, code: 1, out: "" });
  expect(ran.err).toMatch(/^turnpike: [^\n]+\n$/);
  expect(ran.err).toContain(code);
  expect(ran.err).not.toContain(SECRET);
  return ran.err;
}

describe("what was not written as it has to be", () => {
  it("is told in one sentence with its code", async () => {
    const store = ["--store", "file:none.db"];
    await expectRefusal([], "invalid_arguments");
    await expectRefusal(["reconsile"], "invalid_arguments");
    await expectRefusal(["payments", "--stat", "owed", ...store], "invalid_arguments");
    await expectRefusal(["payments", "more", ...store], "invalid_arguments");
    await expectRefusal(["payments", "--state", "open", ...store], "running, settling, settled");
    for (const limit of ["0", "-1", "1.5", "ten", "10001", ""]) {
      await expectRefusal(["payments", "--limit", limit, ...store], "invalid_arguments");
    }
    await expectRefusal(["resolve", "id", "unknown", "--yes", ...store], "settled, failed");
    await expectRefusal(["resolve", "id", ...store], "invalid_arguments");
    for (const rpc of ["https://rpc.test", "eip155:1", "eip155:1=", "base"]) {
      await expectRefusal(["reconcile", "--rpc", rpc, ...store], "--rpc");
    }
    await expectRefusal(["reconcile", ...store], "NETWORK", { EVM_RPC_URL: "https://rpc.test" });
  });

  it("is told with the names that options have, and with the one that may have been meant", async () => {
    expect(await expectRefusal(["reconcile", "--rpc"], "invalid_arguments")).toContain("'--rpc <chain=address>'");
    expect(await expectRefusal(["payment"], "invalid_arguments")).toContain("(Did you mean payments?)");
    expect(await expectRefusal(["payments", "--stat", "owed"], "invalid_arguments")).toContain(
      "(Did you mean --state?)",
    );
    for (const args of [[], ["help", "payment"]]) {
      const error = await expectRefusal(args, "invalid_arguments");
      for (const name of COMMANDS) expect(error).toContain(name);
    }
    const store = ["--store", "file:none.db"];
    await expectRefusal(["payments", "--all", "--limit", "5", ...store], "--limit");
    for (const name of ["payments", "sales"]) await expectRefusal([name, "--csv", "--json", ...store], "--csv");
  });

  it("is not echoed where it may have a password in it", async () => {
    await expectRefusal([`redis://:${SECRET}@127.0.0.1`], "invalid_arguments");
    await expectRefusal([`--stor=redis://:${SECRET}@127.0.0.1`, "payments"], "invalid_arguments");
    await expectRefusal([`--password=${SECRET}`, "payments"], "invalid_arguments");
    await expectRefusal([`--password=it's ${SECRET}`, "payments"], "invalid_arguments");
    await expectRefusal([`--store\n(Did you mean ${SECRET}?)`, "payments"], "invalid_arguments");
    for (const url of ["redis:/x", "redis:x", "postgres:/x"]) {
      await expectRefusal(["payments", "--store", url], "invalid_arguments");
    }
    await expectRefusal(["payments", "--store", `mysql://root:${SECRET}@127.0.0.1/shop`], "invalid_arguments");
    await expectRefusal(["payments", "--store", `redis://:${SECRET}@127.0.0.1:none`], "invalid_arguments");
    await expectRefusal(["reconcile", "--rpc", `https://rpc.test/${SECRET}`, "--store", "file:x"], "invalid_arguments");
  });
});

describe("a store", () => {
  it("has to be named", async () => {
    expect(await expectRefusal(["payments"], "missing_store")).toContain("TURNPIKE_STORE");
    await expectRefusal(["payments"], "missing_store", { TURNPIKE_STORE: "", STORE: " " });
    await expectRefusal(["payments"], "invalid_arguments", { STORE: "memory" });
  });

  it("in a file is never made", async () => {
    const error = await expectRefusal(["payments", "--store", "file:./no-such-file.db"], "store_not_found");
    expect(error).toContain("./no-such-file.db");
    const folder = mkdtempSync(join(tmpdir(), "turnpike-cli-"));
    const empty = join(folder, "empty.db");
    writeFileSync(empty, "");
    for (const path of [folder, empty]) await expectRefusal(["payments", "--store", `file:${path}`], "store_not_found");
    expect(statSync(empty).size).toBe(0);
    expect(readdirSync(folder)).toEqual(["empty.db"]);
    rmSync(folder, { recursive: true });
  });

  it("that cannot be reached is told with the reason, and without its address", async () => {
    const port = await closedPort();
    const redis = await expectRefusal(
      ["payments", "--store", `redis://:${SECRET}@127.0.0.1:${port}`],
      "store_unavailable",
    );
    expect(redis).toContain("ECONNREFUSED");
    const postgres = await expectRefusal(
      ["payments", "--store", `postgres://postgres:${SECRET}@127.0.0.1:${port}/shop`],
      "store_unavailable",
    );
    expect(postgres).toContain("ECONNREFUSED");
  });

  it("whose driver is not installed says what to install", async () => {
    const absent = "turnpike-no-such-driver";
    const failure = await load("pg", "A store in PostgreSQL", () => import(absent)).catch((error: unknown) => error);
    expect(describeError(failure)).toContain(
      "A store in PostgreSQL needs the package pg: npm install pg (missing_driver",
    );
  });
});

describe("settings", () => {
  let stage: Stage;
  let store: string;
  beforeEach(async () => {
    stage = await openStage("sqlite");
    store = stage.args[1] as string;
    await stage.put(await makePayment({ state: "owed" }));
  });
  afterEach(() => stage.close());
  const isFound = async (args: string[], env: Record<string, string> = {}) => {
    const { code, out } = await run(args, { env });
    return code === 0 && out.includes("owed");
  };

  it("of the store come from an option, TURNPIKE_STORE or STORE, in this order", async () => {
    const wrong = "file:wrong.db";
    expect(await isFound(["payments"], { STORE: store })).toBe(true);
    expect(await isFound(["payments"], { TURNPIKE_STORE: store, STORE: wrong })).toBe(true);
    expect(await isFound(["payments", "--store", store], { TURNPIKE_STORE: wrong })).toBe(true);
    expect(await isFound(["--store", store, "payments"])).toBe(true);
  });

  it("of the store in a file may be a URL", async () => {
    expect(await isFound(["payments", "--store", store.replace("file:", "file://")])).toBe(true);
  });

  it("of facilitators come from options, or from FACILITATOR_URL with commas", async () => {
    const ids = async (args: string[], env: Record<string, string>) => {
      const { out } = await run(["health", "--json", "--store", store, ...args], { env });
      return (JSON.parse(out) as { facilitators: { id: string }[] }).facilitators.map(({ id }) => id);
    };
    const [a, b] = [`http://127.0.0.1:${await closedPort()}/a`, `http://127.0.0.1:${await closedPort()}/b`];
    expect(await ids([], { FACILITATOR_URL: `${a}, ${b},` })).toEqual([a, b]);
    expect(await ids(["--facilitator", b, "--facilitator", a], { FACILITATOR_URL: "http://127.0.0.1:1" })).toEqual([
      b,
      a,
    ]);
  });

  it("of a facilitator that are wrong are told without credentials", async () => {
    await expectRefusal(
      ["health", "--store", store, "--facilitator", `https://user:${SECRET}@facilitator.test`],
      "invalid_facilitator",
    );
  });

  it("of a chain come from EVM_RPC_URL and NETWORK", async () => {
    await stage.put(await makePayment());
    const env = { EVM_RPC_URL: `http://127.0.0.1:${await closedPort()}/${SECRET}`, NETWORK: "eip155:84532" };
    const args = ["reconcile", "--store", store, "--facilitator", "http://127.0.0.1:1"];
    const { code, err } = await run(args, { env });
    expect(code).toBe(2);
    expect(err).toContain("chain_unavailable");
    expect(err).not.toContain(SECRET);
  });
});

describe("help and version", () => {
  it("name every command and end with 0", async () => {
    const { code, out, err } = await run(["--help"]);
    expect([code, err]).toEqual([0, ""]);
    for (const name of [...COMMANDS, "--store", "--json"]) expect(out).toContain(name);
  });

  it("of one command name the options of all as well", async () => {
    const { code, out } = await run(["reconcile", "--help"]);
    expect(code).toBe(0);
    for (const name of ["--rpc", "--facilitator", "--store", "EVM_RPC_URL"]) expect(out).toContain(name);
  });

  it("have words that are whole, and lines that fit", async () => {
    for (const name of COMMANDS) {
      const { out } = await run([name, "--help"]);
      expect(out).toContain(`Usage: turnpike ${name}`);
      expect(out).not.toMatch(/…>|undefined|\(default: \)/);
      for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  it("print the package's version", async () => {
    expect(await run(["--version"])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });
});

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("a private key in the wrong place", () => {
  it("is not repeated", async () => {
    const key = `0x${"ac".repeat(32)}`;
    for (const args of [[key], ["resolve", "x", key], ["payments", "--store", key], ["payments", "--limit", key]]) {
      const said = await expectRefusal(args, "invalid_arguments");
      expect(said, args.join(" ")).not.toContain("acacac");
    }
  });
});

describe("hints", () => {
  it("show examples of addresses as they are", async () => {
    expect(await expectRefusal(["payments"], "missing_store")).toContain(
      "--store redis://…, postgres://… or file:<path>",
    );
    expect(await expectRefusal(["payments", "--store", "mysql://x/y"], "invalid_arguments")).toContain("redis://…,");
  });

  it("say how the store of a file is written", async () => {
    for (const store of ["payments.db", "./payments.db", "sqlite:payments.db"]) {
      expect(await expectRefusal(["payments", "--store", store], "invalid_arguments")).toMatch(
        /file:(\.\/)?payments\.db/,
      );
    }
  });
});
