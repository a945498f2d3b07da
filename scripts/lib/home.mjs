/**
 * Where the project lives: the one place. All of it is empty until there is such a place, and nothing can be released before.
 * What is packed takes its manifest fields, the links of its README and the links that errors print from here.
 */
export const home = {
  /** What Git clones: `git+https://…/turnpike.git`. */
  repository: "",
  /** The page about the project. */
  homepage: "",
  /** Where faults are reported. */
  bugs: "",
  /** The files of the repository, as a browser reads them: `docs/errors.md` stands below it. */
  files: "",
};

const FORMS = {
  repository: /^git\+https:\/\/\S+\.git$/,
  homepage: /^https:\/\/\S+$/,
  bugs: /^https:\/\/\S+$/,
  files: /^https:\/\/\S+[^/]$/,
};

/** What is missing of a home, or is of another form than it must be. */
export const gapsOf = (place) => Object.keys(FORMS).filter((name) => !FORMS[name].test(place[name]));

/** What the manifest of a package says of its home. */
export function fieldsOf({ repository, homepage, bugs }, room) {
  return {
    ...(homepage && { homepage }),
    ...(bugs && { bugs: { url: bugs } }),
    ...(repository && { repository: { type: "git", url: repository, directory: `packages/${room}` } }),
  };
}

/** The folder of the docs that errors name: on the web, or else in the installed package. */
export const docsOf = ({ files }) => (files ? `${files}/docs` : "node_modules/@turnpike/core/docs");
