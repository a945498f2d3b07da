// Sums up a JSON report of Vitest in one line. A run without a test, or without a report, has failed.
import { readFileSync } from "node:fs";

function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

const report = read(process.argv[2]);
const files = report?.testResults ?? [];
// A file that cannot be loaded fails without a failed test in it.
const broken = files.filter(
  ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
).length;
const passed = report?.numPassedTests ?? 0;
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
// Vitest can fail as a whole beside its tests: an unhandled error, a worker that died, or no report at all.
const unexplained = report?.success && passed > 0 ? 0 : 1;
const failed = (report?.numFailedTests ?? 0) + broken || unexplained;

process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
process.exitCode = failed > 0 ? 1 : 0;
