/** The parts of jose that the core uses; the build bundles just these. Loaded when the first token is made. */
export { importJWK, importPKCS8, SignJWT } from "jose";
