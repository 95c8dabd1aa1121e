/**
 * Our clients run the API classes generated for cloudydeno's kubernetes client. Its contracts are restated here, in
 * the two versions that are in use, so that the type check fails when ours drifts from them.
 */
import assert from "node:assert/strict";
import type * as ours from "../../../lib/k8s/contract.ts";
import type { KubeRestClient } from "../../../lib/k8s/client/mod.ts";
import { accessTo, clientOf, serve } from "./support/server.ts";

type Methods = "GET" | "POST" | "DELETE" | "PUT" | "PATCH" | "OPTIONS" | "HEAD";
type Json = string | number | boolean | null | undefined | JsonObject | Json[];
type JsonObject = { [key: string]: Json };
type Bytes = ReadableStream<Uint8Array>;

interface Options {
  method: Methods;
  path: string;
  querystring?: URLSearchParams;
  abortSignal?: AbortSignal;
  contentType?: string;
  bodyRaw?: Uint8Array;
  bodyJson?: Json;
  bodyStream?: Bytes;
  accept?: string;
  expectTunnel?: string[];
  expectStream?: boolean;
  expectJson?: boolean;
}

interface Client<Tunnel> {
  performRequest(opts: Options & { expectTunnel: string[] }): Promise<Tunnel>;
  performRequest(opts: Options & { expectStream: true; expectJson: true }): Promise<ReadableStream<Json>>;
  performRequest(opts: Options & { expectStream: true }): Promise<Bytes>;
  performRequest(opts: Options & { expectJson: true }): Promise<Json>;
  performRequest(opts: Options): Promise<Uint8Array>;
  defaultNamespace?: string;
}

type ChannelIds = { index?: number; spdyHeaders?: Record<string, string | number> };

interface Tunnel08 extends Disposable {
  readonly transportProtocol: "SPDY" | "WebSocket" | "Opaque";
  readonly subProtocol: string;
  getReadableStream(ids: ChannelIds): Bytes;
  getWritableStream(ids: ChannelIds): WritableStream<Uint8Array>;
  whenReady(): Promise<void>;
  close(): Promise<void>;
}

interface Tunnel07 {
  readonly transportProtocol: "SPDY" | "WebSocket" | "Opaque";
  readonly subProtocol: string;
  getChannel<R extends boolean, W extends boolean>(opts: {
    spdyHeaders?: Record<string, string | number>;
    streamIndex?: number;
    readable: R;
    writable: W;
  }): Promise<{
    readable: R extends true ? Bytes : null;
    writable: W extends true ? WritableStream<Uint8Array> : null;
  }>;
  ready(): Promise<void>;
  disconnect(): Promise<void>;
}

type Client07 = Client<Tunnel07>;
type Client08 = Client<Tunnel08> & Disposable & { close?(): void };

type Event08<T, U> =
  | { "type": "ADDED" | "MODIFIED" | "DELETED"; "object": T }
  | { "type": "ERROR"; "object": U }
  | { "type": "BOOKMARK"; "object": { metadata: { resourceVersion: string } } };

/** Only a type that is assignable may be given. */
function assignable<_Target, _Source extends _Target>(): void {
  // The type check is the test.
}

Deno.test("the contract and our client fit cloudydeno's client 0.7.3 and 0.8.1", () => {
  assignable<Client08, KubeRestClient>();
  assignable<Client07, KubeRestClient>();
  assignable<Client08, ours.RestClient>();
  assignable<ours.RestClient, Client08>();
  assignable<ours.RequestOptions, Options>();
  assignable<Options, ours.RequestOptions>();
  assignable<ours.JSONValue, Json>();
  assignable<Json, ours.JSONValue>();
  assignable<Event08<string, number>, ours.WatchEvent<string, number>>();
  assignable<ours.WatchEvent<string, number>, Event08<string, number>>();
  assignable<ours.KubernetesTunnel, Tunnel08>();
  assignable<Tunnel08, ours.KubernetesTunnel>();
});

/** A class of the shape that the generated API classes have. */
class LeaseApi {
  readonly #client: Client08;
  readonly #root: string;

  constructor(client: Client08, namespace: string) {
    this.#client = client;
    this.#root = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/`;
  }

  async getLease(name: string, opts: { abortSignal?: AbortSignal } = {}): Promise<string> {
    const resp = await this.#client.performRequest({
      method: "GET",
      path: `${this.#root}leases/${name}`,
      expectJson: true,
      ...(opts.abortSignal === undefined ? {} : { abortSignal: opts.abortSignal }),
    });
    return nameOf(resp);
  }

  async watchLeaseList(querystring: URLSearchParams): Promise<ReadableStream<Json>> {
    querystring.set("watch", "1");
    const path = `${this.#root}leases`;
    return await this.#client.performRequest({
      method: "GET",
      path,
      expectJson: true,
      expectStream: true,
      querystring,
    });
  }

  async patchLease(name: string, body: Json): Promise<string> {
    const resp = await this.#client.performRequest({
      method: "PATCH",
      path: `${this.#root}leases/${name}`,
      expectJson: true,
      bodyJson: body,
      contentType: "application/merge-patch+json",
    });
    return nameOf(resp);
  }
}

function nameOf(value: Json): string {
  assert.ok(typeof value === "object" && value !== null && !Array.isArray(value));
  const { name } = value;
  assert.ok(typeof name === "string");
  return name;
}

Deno.test("a class like the generated ones runs on our client", async () => {
  await using server = serve((request) => {
    const { pathname, search } = new URL(request.url);
    const name = `${request.method} ${pathname}${search}`;
    return search === "" ? Response.json({ name }) : new Response(`${JSON.stringify({ name })}\n`);
  });
  using client = clientOf(accessTo(server.url));
  const api = new LeaseApi(client, "default");
  const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  assert.equal(await api.getLease("a", { abortSignal: new AbortController().signal }), `GET ${leases}/a`);
  assert.equal(await api.patchLease("a", { metadata: { labels: {} } }), `PATCH ${leases}/a`);
  const events = await Array.fromAsync(await api.watchLeaseList(new URLSearchParams()));
  assert.deepEqual(events, [{ name: `GET ${leases}?watch=1` }]);
});
