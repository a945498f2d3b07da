import { StoreError } from "@turnpike/core";
import { type Answers, createAnswers } from "./answers.js";
import { type Batches, createBatches } from "./batches.js";
import { toStoreError } from "./failure.js";
import { type Connection, closeFile, migrate, openFile, rollBack } from "./file.js";
import { createLeases } from "./leases.js";
import { createLinks, type Links } from "./links.js";
import type { Settings } from "./options.js";
import { createPayments, type Payments } from "./payments.js";

export interface Tables {
  readonly payments: Payments;
  readonly answers: Answers;
  readonly links: Links;
}

/** One file, or one database in memory. It is opened at the first operation, and tried again after one that failed. */
export interface Database {
  /** Rejects with a StoreError. */
  run<T>(operation: (tables: Tables) => T, writes: boolean): Promise<T>;
  /** Writes what still waits, and lets go of the file. */
  close(): Promise<void>;
}

interface Opened {
  readonly tables: Tables;
  readonly batches: Batches;
}

/** Writes between two sweeps, and what one of them drops of each kind: more than can come in between. */
const EVERY = 4;
const SWEPT = 8;

export function createDatabase(settings: Settings): Database {
  const { path } = settings;
  let connection: Connection | undefined;
  let opened: Opened | undefined;
  let opening: Promise<Opened> | undefined;
  let wait = settings.wait;
  let closed = false;
  let writes = 0;

  const start = async (): Promise<Opened> => {
    // A file that is ours already stays so, whatever fails after that: on a full disk, say.
    connection ??= await openFile(settings, wait, () => !closed);
    migrate(connection);
    opened = prepare(connection, settings);
    return opened;
  };
  const open = (): Promise<Opened> => {
    opening ??= start().finally(() => {
      opening = undefined;
      // Who comes later need not wait for what the first one waited for in vain.
      wait = 0;
    });
    return opening;
  };

  const sweep = ({ batches, tables: { payments, answers, links } }: Opened): void => {
    const drop = () => {
      const now = Date.now();
      for (const id of payments.sweep(now, SWEPT)) answers.drop(id);
      answers.sweep(now, SWEPT);
      links.sweep(now, SWEPT);
    };
    // A sweep is not awaited, and the next one makes up for one that failed.
    batches.run(drop, true).catch(() => {});
  };

  return {
    run: async (operation, isWrite) => {
      try {
        const file = opened ?? (await open());
        // Statements of a file that was let go of would still work, beside those of the next process.
        if (file !== opened) throw closedError(path);
        const result = file.batches.run(() => operation(file.tables), isWrite);
        if (isWrite && ++writes % EVERY === 0) sweep(file);
        return await result;
      } catch (error) {
        throw toStoreError(path, error);
      }
    },
    close: async () => {
      closed = true;
      await opening?.catch(() => {});
      const last = opened;
      opened = undefined;
      last?.batches.flush();
      try {
        if (connection) closeFile(connection);
      } catch (error) {
        throw toStoreError(path, error);
      }
    },
  };
}

export function closedError(path: string): StoreError {
  return new StoreError("store_closed", `The store of ${path} was closed`);
}

function prepare(connection: Connection, settings: Settings): Opened {
  const leases = createLeases();
  const answers = createAnswers(connection, settings);
  const payments = createPayments(connection, leases);
  const links = createLinks(connection);
  let begun = false;
  const batches = createBatches({
    begin: () => {
      begun = true;
      connection.exec("BEGIN IMMEDIATE");
    },
    commit: () => {
      if (begun) connection.exec("COMMIT");
      begun = false;
      leases.keep();
      answers.keep();
    },
    rollback: () => {
      if (begun) rollBack(connection);
      begun = false;
      leases.takeBack();
      answers.takeBack();
    },
  });
  return { tables: { payments, answers, links }, batches };
}
