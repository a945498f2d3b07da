// Gives `@turnpike/express` Express 4 in place of 5, as an app with that version installed would.
import { register } from "node:module";

const hook = `
export const resolve = (specifier, context, next) =>
  specifier === "express" ? next("express4", { ...context, parentURL: ${JSON.stringify(import.meta.url)} }) : next(specifier, context);
`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
