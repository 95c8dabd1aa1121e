import assert from "node:assert/strict";
import fc from "fast-check";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { patchMediaType, pointer } from "../../../../lib/k8s/api/patch.ts";
import { formatGroupResource, isKubeObject, parseObject, pathOf } from "../../../../lib/k8s/api/resource.ts";
import type { JSONValue, RequestOptions, RestClient } from "../../../../lib/k8s/contract.ts";
import { ApiError, InvalidObjectError } from "../../../../lib/k8s/errors.ts";
import type { Secret } from "../../../../lib/k8s/types.ts";
import { leases } from "../../../../lib/k8s/kinds/coordination.ts";
import { namespaces, secrets } from "../../../../lib/k8s/kinds/core.ts";

interface Sent {
  readonly line: string;
  readonly accept: string | undefined;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

/** A client that answers with the given values, one a request, and remembers the requests. */
class ScriptedClient implements RestClient {
  readonly sent: Sent[] = [];
  readonly #answers: (JSONValue | Error)[];

  constructor(answers: readonly (JSONValue | Error)[]) {
    this.#answers = [...answers];
  }

  performRequest(opts: RequestOptions & { expectTunnel: string[] }): Promise<never>;
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  performRequest(
    opts: RequestOptions,
  ): Promise<ReadableStream<JSONValue> | ReadableStream<Uint8Array> | Uint8Array | JSONValue> {
    const { method, path, querystring, accept, contentType, bodyRaw } = opts;
    const query = querystring === undefined ? "" : `?${querystring}`;
    const body = bodyRaw === undefined ? undefined : JSON.parse(new TextDecoder().decode(bodyRaw));
    this.sent.push({ line: `${method} ${path}${query}`, accept, contentType, body });
    const answer = this.#answers.shift();
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve(opts.expectStream === true ? streamOf(answer) : answer);
  }

  [Symbol.dispose](): void {
    this.#answers.length = 0;
  }
}

function scripted(...answers: readonly (JSONValue | Error)[]): { client: RestClient; sent: Sent[] } {
  const client = new ScriptedClient(answers);
  return { client, sent: client.sent };
}

function streamOf(values: JSONValue | Error | undefined): ReadableStream<JSONValue> {
  return ReadableStream.from(Array.isArray(values) ? values : []);
}

const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "a", namespace: "n", resourceVersion: "7" } };
const list = (...items: JSONValue[]): JSONValue => ({ kind: "SecretList", metadata: { resourceVersion: "9" }, items });

Deno.test("Api asks for the right paths, queries and bodies", async (t) => {
  const json = "application/json";
  const metadata = { name: "a", namespace: "n" };
  const cases: [
    string,
    JSONValue,
    (api: Api<Secret>) => Promise<unknown>,
    Partial<Sent>,
  ][] = [
    ["get", secret, (api) => api.get("a", { resourceVersion: "0" }), {
      line: "GET /api/v1/namespaces/n/secrets/a?resourceVersion=0",
      accept: json,
    }],
    ["list", list(), (api) => api.list({ labelSelector: "a=b,c", limit: 5, continueToken: "t" }), {
      line: "GET /api/v1/namespaces/n/secrets?labelSelector=a%3Db%2Cc&limit=5&continue=t",
    }],
    ["list of all namespaces", list(), (api) => api.inNamespace(undefined).list(), { line: "GET /api/v1/secrets" }],
    ["metadata of a list", list(), (api) => api.asMetadata().list(), {
      accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    }],
    ["metadata of one", secret, (api) => api.asMetadata().get("a"), {
      accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    }],
    ["create", secret, (api) => api.create({ metadata: { generateName: "a-" } }), {
      line: "POST /api/v1/namespaces/n/secrets?fieldManager=me",
      contentType: json,
      body: { apiVersion: "v1", kind: "Secret", metadata: { generateName: "a-" } },
    }],
    ["create in the object's namespace", secret, (api) => api.inNamespace("").create({ metadata }), {
      line: "POST /api/v1/namespaces/n/secrets?fieldManager=me",
    }],
    ["replace", secret, (api) => api.replace({ metadata }, { dryRun: true, fieldManager: "you" }), {
      line: "PUT /api/v1/namespaces/n/secrets/a?fieldManager=you&dryRun=All",
    }],
    ["JSON patch", secret, (api) => api.patch("a", { type: "json", operations: [{ op: "remove", path: "/x" }] }), {
      line: "PATCH /api/v1/namespaces/n/secrets/a?fieldManager=me",
      contentType: "application/json-patch+json",
      body: [{ op: "remove", path: "/x" }],
    }],
    ["merge patch", secret, (api) => api.patch("a", { type: "merge", patch: { x: null } }), {
      contentType: "application/merge-patch+json",
      body: { x: null },
    }],
    ["apply", secret, (api) => api.apply({ metadata }, { force: true }), {
      line: "PATCH /api/v1/namespaces/n/secrets/a?fieldManager=me&force=true",
      contentType: "application/apply-patch+yaml",
    }],
    [
      "delete",
      { kind: "Status" },
      (api) => api.delete("a", { preconditions: { uid: "u" }, propagationPolicy: "Orphan", gracePeriodSeconds: 0 }),
      {
        line: "DELETE /api/v1/namespaces/n/secrets/a",
        body: {
          apiVersion: "v1",
          kind: "DeleteOptions",
          preconditions: { uid: "u" },
          propagationPolicy: "Orphan",
          gracePeriodSeconds: 0,
        },
      },
    ],
    ["delete collection", list(), (api) => api.deleteCollection({ fieldSelector: "metadata.name=a" }), {
      line: "DELETE /api/v1/namespaces/n/secrets?fieldSelector=metadata.name%3Da",
    }],
    ["status", secret, (api) => api.status.patch("a", { type: "merge", patch: {} }), {
      line: "PATCH /api/v1/namespaces/n/secrets/a/status?fieldManager=me",
    }],
    [
      "scale",
      { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "a" }, spec: { replicas: 2 } },
      (api) => api.scale.get("a"),
      { line: "GET /api/v1/namespaces/n/secrets/a/scale" },
    ],
  ];
  for (const [name, answer, call, expected] of cases) {
    await t.step(name, async () => {
      const { client, sent } = scripted(answer);
      await call(new Api(client, secrets, { namespace: "n", fieldManager: "me" }));
      assert.equal(sent.length, 1);
      assert.deepEqual({ ...sent[0], ...expected }, sent[0]);
    });
  }
});

Deno.test("Api refuses names without namespace, and writes without a name", async () => {
  const { client } = scripted();
  await assert.rejects(new Api(client, secrets).get("a"), /name the namespace of "a" with inNamespace/);
  await assert.rejects(new Api(client, namespaces).replace({ metadata: {} }), /replace needs .* metadata\.name/);
});

Deno.test("find() is undefined for an object that does not exist, and passes other errors on", async () => {
  const refusal = (code: number): ApiError => new ApiError("GET /x", { code, reason: "", message: "", causes: [] });
  const { client } = scripted(refusal(404), refusal(403));
  const api = new Api(client, namespaces);
  assert.equal(await api.find("a"), undefined);
  await assert.rejects(api.find("a"), /HTTP 403/);
});

Deno.test("items of a list get the kind that the server leaves out", async () => {
  const { client } = scripted(
    list({ metadata: { name: "a" } }),
    list({ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "a" } }),
  );
  const api = new Api(client, secrets);
  const expected = { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } };
  assert.deepEqual(await api.list(), { resourceVersion: "9", items: [expected] });
  assert.deepEqual((await api.asMetadata().list()).items, [expected]);
});

Deno.test("pages() follows the tokens, and goes on with newer data only when asked to", async () => {
  const page = (name: string, token?: string): JSONValue => ({
    metadata: { resourceVersion: "1", continue: token },
    items: [{ metadata: { name } }],
  });
  const expired = new ApiError("GET /x", {
    code: 410,
    reason: "Expired",
    message: "",
    causes: [],
    continueToken: "newer",
  });
  const { client, sent } = scripted(page("a", "t"), expired, page("b"));
  const pages = await Array.fromAsync(new Api(client, secrets).pages({ limit: 1, onExpired: "resume" }));
  assert.deepEqual(pages.map(({ items }) => items[0]?.metadata.name), ["a", "b"]);
  assert.deepEqual(sent.map(({ line }) => line.split("?")[1]), [
    "limit=1",
    "limit=1&continue=t",
    "limit=1&continue=newer",
  ]);
  const strict = scripted(page("a", "t"), expired);
  await assert.rejects(Array.fromAsync(new Api(strict.client, secrets).pages()), (error) => error === expired);
});

Deno.test("watch() decodes events, and throws what the stream reports", async () => {
  const { client, sent } = scripted(
    [
      { type: "ADDED", object: secret },
      {
        type: "BOOKMARK",
        object: { metadata: { resourceVersion: "8", annotations: { "k8s.io/initial-events-end": "true" } } },
      },
      { type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired", message: "too old" } },
    ],
    [{ type: "SURPRISE" }],
    [{ type: "ADDED", object: { apiVersion: "v1", kind: "Secret", metadata: {} } }],
  );
  const api = new Api(client, secrets);
  const seen: unknown[] = [];
  await assert.rejects(async () => {
    for await (const event of await api.watch({ sendInitialEvents: true })) seen.push(event);
  }, (error) => error instanceof ApiError && error.status.reason === "Expired");
  assert.deepEqual(seen, [{ type: "ADDED", object: secret }, {
    type: "BOOKMARK",
    resourceVersion: "8",
    initialEventsEnd: true,
  }]);
  assert.equal(
    sent[0]?.line,
    "GET /api/v1/secrets?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
  );
  for (let rest = 0; rest < 2; rest++) await assert.rejects(Array.fromAsync(await api.watch()), InvalidObjectError);
});

Deno.test("parseObject() refuses what is not of the resource", () => {
  const cases: JSONValue[] = [
    null,
    [],
    { kind: "Lease" },
    { metadata: {} },
    { metadata: { name: "a", labels: { x: 1 } } },
    { metadata: { name: "a" }, spec: { renewTime: 5 } },
    { metadata: { name: "a" }, spec: { leaseDurationSeconds: "15" } },
    { metadata: { name: "a" }, spec: 1 },
  ];
  for (const value of cases) assert.throws(() => parseObject(leases, value), InvalidObjectError, JSON.stringify(value));
  assert.equal(parseObject(leases, { metadata: { name: "a" }, spec: { renewTime: "x" } }).kind, "Lease");
});

Deno.test("isKubeObject() never throws and accepts no odd metadata", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = JSON.stringify(value);
    const accepted = isKubeObject(JSON.parse(text));
    assert.ok(!accepted || text.includes('"metadata"'));
    assert.equal(
      isKubeObject({ apiVersion: "v1", kind: "A", metadata: { name: "a", labels: JSON.parse(text) } }),
      isLabels(value),
    );
  }));
});

function isLabels(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.values(value).every((label) => typeof label === "string");
}

Deno.test("paths, pointers and names are escaped and formatted", () => {
  assert.equal(
    pathOf({ group: "a.b", version: "v2", plural: "xs" }, "n", "o p", "status"),
    "/apis/a.b/v2/namespaces/n/xs/o%20p/status",
  );
  assert.equal(pathOf({ group: "", version: "v1", plural: "namespaces" }, undefined, "a"), "/api/v1/namespaces/a");
  assert.equal(pointer("metadata", "labels", "a/b~c"), "/metadata/labels/a~1b~0c");
  assert.equal(formatGroupResource({ group: "", resource: "secrets" }), "secrets");
  assert.equal(formatGroupResource({ group: "a.b", resource: "xs" }), "xs.a.b");
  assert.equal(patchMediaType({ type: "strategic", patch: {} }), "application/strategic-merge-patch+json");
});
