/**
 * An API server in memory: a fast, deterministic stand-in for kube-apiserver in tests, demonstrations and the
 * simulation.
 *
 * @module
 */
export { ApiServer, type ApiServerOptions } from "./api_server.ts";
export type { CallWebhook } from "./admission/webhook_caller.ts";
export type { DialNode, NodeAddress, NodeAnswer } from "./handlers/log.ts";
export type { DirectAnswer, DirectClientOptions, Intercept } from "./direct_client.ts";
export { serviceAccountUser, type User, type UserInfo } from "./authentication/user_info.ts";
export { type Fault, faults } from "./faults.ts";
export type { NameRule, ServedResource } from "./resources/served_resource.ts";
