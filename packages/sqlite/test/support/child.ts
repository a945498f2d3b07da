// A process of its own with a store: does what its arguments say, and tells the test line by line.
import { sqliteStore } from "../../src/index.js";
import { answer, HOUR, LEASE, record } from "./records.js";

const [path = "", task = "", wait = "0", user] = process.argv.slice(2);
// Not at its start: Node itself may be where only root may run it.
if (user) process.setuid?.(Number(user));
const store = sqliteStore(path, { wait: Number(wait) });
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);

const tasks: Record<string, () => Promise<void>> = {
  /** Holds the file open until it is told to let go, or killed. */
  hold: async () => {
    await store.insert(record("held"), LEASE);
    await store.replace(record("held", { version: 2, state: "settled" }), 1, LEASE, answer(100));
    await store.link("key", "held", Date.now() + HOUR);
    say("holding");
    await new Promise((resolve) => process.stdin.once("data", resolve));
    await store.close();
    say("closed");
  },
  /** Writes without a pause, telling of every record that was acknowledged. */
  write: async () => {
    for (let i = 0; ; i++) {
      const id = `payment ${i}`;
      await Promise.all([store.insert(record(id), LEASE), store.link(id, id, Date.now() + HOUR)]);
      await store.replace(record(id, { version: 2, state: "settled" }), 1, LEASE, answer(100));
      say(id);
    }
  },
  /** Writes large answers until the disk takes no more. */
  fill: async () => {
    for (let i = 0; ; i++) {
      const id = `payment ${i}`;
      try {
        await store.insert(record(id), LEASE);
        await store.replace(record(id, { version: 2, state: "settled" }), 1, LEASE, answer(64 * 1024));
        say(id);
      } catch (error) {
        const code = (error as { code?: string }).code;
        say({ code, full: id, readable: (await store.read("payment 0"))?.record.state });
        return;
      }
    }
  },
  /** Tells what one operation came to. */
  insert: async () => {
    const said = await Promise.resolve(store.insert(record("tried"), LEASE)).then(
      (inserted) => ({ inserted }),
      (error: { code?: string; message?: string }) => ({ code: error.code, message: error.message }),
    );
    say(said);
  },
};

await tasks[task]?.();
process.exit();
