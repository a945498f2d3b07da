import paywall from "@turnpike/fastify";
import fastify from "fastify";

const { PAY_TO: payTo, PORT: port = "3000" } = process.env;
if (!payTo) {
  process.stderr.write("Set PAY_TO to your own address, which is to be paid: PAY_TO=0x… pnpm start\n");
  process.exit(1);
}

const app = fastify();
await app.register(paywall, { payTo, network: "base-sepolia", routes: { "GET /weather": "$0.01" } });

app.get("/weather", () => ({ weather: "sunny" }));

const origin = await app.listen({ host: "127.0.0.1", port: Number(port) });
process.stdout.write(`Serving ${origin}/weather\n`);
