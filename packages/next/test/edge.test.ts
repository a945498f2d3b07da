import { expect, it } from "vitest";
import { edgeDirectory } from "./build-app.js";
import { openTill } from "./till.js";

const till = openTill(edgeDirectory);

it("G62b sells pages behind a middleware on Next's edge runtime", async () => {
  const unpaid = await till.get("/article/one");
  expect(unpaid.status).toBe(402);
  expect(await unpaid.text()).not.toContain("premium");
  const { response, receipt } = await till.buy("/article/one");
  expect([response.status, receipt?.success]).toEqual([200, true]);
  expect(await response.text()).toContain("premium");
  expect(response.headers.get("cache-control")).toContain("private");
  expect(till.charges).toBe(1);
});
