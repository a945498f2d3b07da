import { buildShop } from "../../shop/next/build.js";

/** The shop on Next.js is built once, before the first test. */
export const setup = buildShop;
