import { fieldsOf, home } from "./scripts/lib/home.mjs";

// The sources are not published, so neither is the export condition that leads to them.
const withoutSource = (value) => {
  if (Array.isArray(value)) return value.map(withoutSource);
  if (value === null || typeof value !== "object") return value;
  const rest = Object.entries(value).filter(([key]) => key !== "@turnpike/source");
  return Object.fromEntries(rest.map(([key, inner]) => [key, withoutSource(inner)]));
};

export const hooks = {
  beforePacking({ devDependencies: _, scripts: __, ...manifest }) {
    const { exports, imports } = manifest;
    return {
      ...manifest,
      ...fieldsOf(home, manifest.name.replace("@turnpike/", "")),
      ...(exports && { exports: withoutSource(exports) }),
      ...(imports && { imports: withoutSource(imports) }),
    };
  },
};
