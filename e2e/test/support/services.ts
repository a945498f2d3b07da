import { connect } from "node:net";
import { it } from "vitest";

const required = Boolean(process.env.CI) || process.env.TURNPIKE_REQUIRE_SERVICES === "1";

/** A case that needs a service on its usual port. Without it the case is shown as left out; in CI it fails. */
export function withService(name: string, port: number, title: string, body: () => Promise<void>): void {
  it(title, async ({ skip }) => {
    if (!required && !(await listens(port))) skip(`no ${name} listens on 127.0.0.1:${port}: start one there`);
    await body();
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
