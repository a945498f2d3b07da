import type { TokenDefinition } from "./definitions.js";

/** A Circle token whose EIP-712 domain has version 2, as all of theirs on EVM networks. */
const circle = (network: string, symbol: "USDC" | "EURC", address: string, name: string): TokenDefinition => ({
  network,
  symbol,
  address,
  decimals: 6,
  dollar: symbol === "USDC",
  eip712: { name, version: "2" },
});

const mint = (network: string, symbol: "USDC" | "EURC", address: string): TokenDefinition => ({
  network,
  symbol,
  address,
  decimals: 6,
  dollar: symbol === "USDC",
});

/** USDC and EURC where Circle issues them; EIP-712 names are what the contracts return from `name()`. */
export const TOKENS: readonly TokenDefinition[] = [
  circle("eip155:8453", "USDC", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "USD Coin"),
  circle("eip155:84532", "USDC", "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "USDC"),
  circle("eip155:1", "USDC", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USD Coin"),
  circle("eip155:11155111", "USDC", "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238", "USDC"),
  circle("eip155:137", "USDC", "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", "USD Coin"),
  circle("eip155:42161", "USDC", "0xaf88d065e77c8cC2239327C5EDb3A432268e5831", "USD Coin"),
  circle("eip155:10", "USDC", "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85", "USD Coin"),
  circle("eip155:43114", "USDC", "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E", "USD Coin"),
  circle("eip155:43113", "USDC", "0x5425890298aed601595a70AB815c96711a31Bc65", "USD Coin"),
  mint("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "USDC", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
  mint("solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1", "USDC", "4zMMC9srt5Ri5X14GAgXhaHii3GnPAERYPJgZJDncDU"),

  circle("eip155:8453", "EURC", "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42", "EURC"),
  circle("eip155:84532", "EURC", "0x808456652fdb597867f38412077A9182bf77359F", "EURC"),
  circle("eip155:1", "EURC", "0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c", "Euro Coin"),
  circle("eip155:11155111", "EURC", "0x08210F9170F89Ab7658F0B5E3fF39b0E03C594D4", "EURC"),
  circle("eip155:43114", "EURC", "0xC891EB4cbdEFf6e073e859e987815Ed1505c2ACD", "Euro Coin"),
  circle("eip155:43113", "EURC", "0x5E44db7996c682E92a960b65AC713a54AD815c6B", "EURC"),
  mint("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "EURC", "HzwqbKZw8HxMN6bF2yFZNrht3c2iXXzpKcFu7uBEDKtr"),
  mint("solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1", "EURC", "HzwqbKZw8HxMN6bF2yFZNrht3c2iXXzpKcFu7uBEDKtr"),
];
