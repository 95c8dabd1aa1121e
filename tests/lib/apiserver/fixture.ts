import assert from "node:assert/strict";
import { ApiServer, type ApiServerOptions } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { isAny, type Resource } from "../../../lib/k8s/api/resource.ts";
import type { TypedWatchEvent } from "../../../lib/k8s/api/watch_stream.ts";
import type { JSONValue, RestClient } from "../../../lib/k8s/contract.ts";
import { ApiError } from "../../../lib/k8s/errors.ts";
import { configMaps } from "../../../lib/k8s/kinds/core.ts";
import type { ConfigMap, KubeObject } from "../../../lib/k8s/types.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";

/** A server on a virtual clock, and what most tests use of it. */
export interface Fixture extends Disposable {
  readonly server: ApiServer;
  readonly clock: VirtualClock;
  readonly client: RestClient;
  /** ConfigMaps in namespace default. */
  readonly api: Api<ConfigMap>;
}

export function start(options: Partial<ApiServerOptions> = {}): Fixture {
  const clock = new VirtualClock();
  const server = new ApiServer({ clock, random: seededRandom(1), ...options });
  const client = server.client();
  const api = new Api(client, configMaps, { namespace: "default" });
  return { server, clock, client, api, [Symbol.dispose]: () => server.close() };
}

/** A custom resource that is served from the start. */
export const rings: Resource<KubeObject & { spec?: Record<string, JSONValue>; status?: Record<string, JSONValue> }> = {
  group: "sharding.timebertt.dev",
  version: "v1alpha1",
  plural: "controllerrings",
  kind: "ControllerRing",
  namespaced: false,
  is: isAny,
};

/** Expects a refusal and returns its parts. */
export async function refusal(promise: Promise<unknown>): Promise<{ code: number; reason: string; message: string }> {
  try {
    await promise;
  } catch (error) {
    assert(error instanceof ApiError, `expected an ApiError: ${error}`);
    const { code, reason, message } = error.status;
    return { code, reason, message };
  }
  return assert.fail("the request was not refused");
}

/** Sends a raw request. */
export function send(
  client: RestClient,
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: JSONValue,
  options: { contentType?: string; accept?: string } = {},
): Promise<JSONValue> {
  const [start = "", query = ""] = path.split("?");
  return client.performRequest({
    method,
    path: start,
    querystring: new URLSearchParams(query),
    expectJson: true,
    ...options,
    ...(body === undefined ? {} : { bodyJson: body }),
  });
}

/** The next events of a watch, without waiting for more than there are. */
export async function take<T extends KubeObject>(
  events: AsyncIterable<TypedWatchEvent<T>>,
  count: number,
): Promise<readonly TypedWatchEvent<T>[]> {
  const taken: TypedWatchEvent<T>[] = [];
  if (count === 0) return taken;
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

/** An event in short: type, name and resourceVersion. */
export function brief<T extends KubeObject>(event: TypedWatchEvent<T>): string {
  if (event.type === "BOOKMARK") return `BOOKMARK ${event.initialEventsEnd}`;
  return `${event.type} ${event.object.metadata.name}`;
}
