export type {
  Fallback,
  Harness,
  Path,
  PathPart,
  RunningStage,
  Stage,
  StageAnswer,
  StageRequest,
  StageRoute,
} from "./lib/suite/harness.js";
export { testAdapter } from "./lib/suite/test-adapter.js";
