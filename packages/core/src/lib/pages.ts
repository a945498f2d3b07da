/** What the build puts in the place of this name: the folder of the docs, if it is known where that is on the web. */
declare const TURNPIKE_DOCS: string | undefined;

/** The docs are in the package, so everyone who has installed it can open them. */
const DOCS = typeof TURNPIKE_DOCS === "string" ? TURNPIKE_DOCS : "node_modules/@turnpike/core/docs";

/** Where something is explained: a page of the docs, which an anchor may follow. */
export const pageOf = (page: string): string => `${DOCS}/${page}`;
