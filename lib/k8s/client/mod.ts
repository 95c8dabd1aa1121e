/** Connections to an API server: the HTTP client behind the RestClient contract. */
export { createRestClient, type RestClientOptions } from "./create_rest_client.ts";
export type { RequestObserver, RequestOutcome } from "./observer.ts";
export type { KubeRestClient } from "./rest_client.ts";
