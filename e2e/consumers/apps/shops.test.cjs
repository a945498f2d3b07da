// As a seller on Jest writes it: Jest requires the app, which is CommonJS.
const { expect, test } = require("@jest/globals");
const { openExpress } = require("./express.js");
const { openFastify } = require("./fastify.js");
const { openHono } = require("./hono.js");
const { sell } = require("./market.js");
const { openNext } = require("./next.js");

test.each([
  ["express", openExpress],
  ["fastify", openFastify],
  ["hono", openHono],
  ["next", openNext],
])("a shop of %s sells", async (_name, open) => {
  expect(await sell(open)).toEqual({
    unpaid: 402,
    paid: 200,
    body: { item: 1, paid: "10000" },
    settled: true,
    charges: 1,
  });
});
