/** What the command ends with. */
export const FINE = 0;
export const FAILED = 1;
export const STILL_OPEN = 2;
/** 128 and the number of SIGINT, as shells have it. */
export const INTERRUPTED = 130;
