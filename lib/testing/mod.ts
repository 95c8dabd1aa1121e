/** The parts of the test kit for authors of sharded controllers; `testing.ts` puts them together. */
export * from "./builders.ts";
export type { Condition } from "./conditions.ts";
export type { FaultRule, InjectedFault, RequestIntercept } from "./network.ts";
export { type ProcessParts, type ProcessState, type Program, TestProcess } from "./process.ts";
export type { ReconcileFilter, TestReconcile } from "./reconciles.ts";
export type { RequestFilter, RequestVerb, ResourceName, TestRequest } from "./requests.ts";
export type { SharderParts, SharderSettings, StartSharder } from "./sharder.ts";
export { TestStage } from "./stage.ts";
export type {
  ClientSettings,
  ProcessSettings,
  ServerSettings,
  StageServer,
  TestStageOptions,
  WaitOptions,
} from "./stage_options.ts";
export { TestRing, type TestShardSettings } from "./test_ring.ts";
export type { Distrust, WebhookHandler, WebhookIntercept } from "./webhooks.ts";
