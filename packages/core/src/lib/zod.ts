/** The parts of zod's mini API that the core uses; the build bundles just these into the package. Each one weighs. */
export {
  array,
  boolean,
  config,
  looseObject,
  nullish,
  object,
  optional,
  refine,
  safeParse,
  strictObject,
  string,
  unknown,
} from "zod/mini";
