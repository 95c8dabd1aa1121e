/**
 * An API server in memory: a fast, deterministic stand-in for kube-apiserver in tests, demonstrations and the
 * simulation.
 *
 * @module
 */
export { ApiServer, type ApiServerOptions } from "./api_server.ts";
export type { DirectAnswer, DirectClientOptions, Intercept } from "./direct_client.ts";
export type { NameRule, ServedResource } from "./resources/served_resource.ts";
