// Ends the release if nothing says where the project lives.
import { gapsOf, home } from "./lib/home.mjs";

const gaps = gapsOf(home);
if (gaps.length > 0) {
  process.stderr.write(
    `Nothing is released before scripts/lib/home.mjs says where the project lives. Missing or malformed: ${gaps.join(", ")}.\n`,
  );
  process.exitCode = 1;
}
