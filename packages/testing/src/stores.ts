export type { OpenStore, StoreAbility, StoreHarness } from "./lib/stores/harness.js";
export { nextRecord, sampleRecord } from "./lib/stores/samples.js";
export { testStore } from "./lib/stores/test-store.js";
