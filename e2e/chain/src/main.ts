import { formatUnits } from "viem";
import { type Chain, startChain } from "./index.js";

const chain = await startChain({ port: Number(process.env.PORT || 0) }).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
process.stdout.write(`ready ${chain.rpcUrl}\n\n${await introduce(chain)}\n`);

// The chain itself keeps no process alive; this one is here for nothing else.
const presence = setInterval(() => {}, 2 ** 30);
const leave = () => {
  clearInterval(presence);
  void chain.stop();
};
process.once("SIGINT", leave);
process.once("SIGTERM", leave);

async function introduce({ token, accounts, network, balanceOf }: Chain): Promise<string> {
  const rows = await Promise.all(
    Object.entries(accounts).map(async ([role, { address, privateKey }]) => {
      const balance = formatUnits(await balanceOf(address), token.decimals);
      return `${role.padEnd(13)}${address}  ${privateKey}  ${balance.padStart(5)}`;
    }),
  );
  return [
    `network      ${network}`,
    `token        ${token.symbol} at ${token.address}, ${token.decimals} decimals, signed as "${token.name}" version "${token.version}"`,
    "",
    `${"account".padEnd(13)}${"address".padEnd(44)}${"private key (public knowledge, for tests only)".padEnd(68)} ${token.symbol}`,
    ...rows,
    "",
  ].join("\n");
}
