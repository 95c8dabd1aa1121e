import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { namespaces, secrets } from "../../../lib/k8s/kinds/core.ts";
import type { JSONObject } from "../../../lib/k8s/contract.ts";
import { refusal, rings, send, start } from "./fixture.ts";

const path = "/api/v1/namespaces/default/configmaps";

Deno.test("create() sets what the server sets", async () => {
  using fixture = start();
  const made = await fixture.api.create({ metadata: { name: "a", uid: "mine", generation: 7 }, data: { k: "v" } });
  assert.match(made.metadata.uid ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(made.metadata.creationTimestamp, "2026-01-01T00:00:00Z");
  assert.equal(made.metadata.namespace, "default");
  // A kind without a generation keeps what it is sent, as on the real server.
  assert.equal(made.metadata.generation, 7);
  assert.equal(made.metadata.resourceVersion, String(fixture.server.revision));
  assert.deepEqual(await fixture.api.get("a"), made);
});

Deno.test("create() makes a name from generateName in the server's alphabet", async () => {
  using fixture = start();
  const made = await fixture.api.create({ metadata: { generateName: "x".repeat(70) } });
  assert.match(made.metadata.name, /^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

Deno.test("create() of a custom resource begins with generation 1 and no status", async () => {
  using fixture = start();
  const made = await new Api(fixture.client, rings).create({ metadata: { name: "r" }, spec: {}, status: { x: 1 } });
  assert.equal(made.metadata.generation, 1);
  assert.equal(made.status, undefined);
});

interface Refused {
  readonly name: string;
  readonly path?: string;
  readonly body: JSONObject;
  readonly code: number;
  readonly reason: string;
  readonly message: RegExp;
}

const refused: readonly Refused[] = [
  {
    name: "a name that is taken",
    body: { metadata: { name: "taken" } },
    code: 409,
    reason: "AlreadyExists",
    message: /^configmaps "taken" already exists$/,
  },
  {
    name: "a bad name",
    body: { metadata: { name: "A_b" } },
    code: 422,
    reason: "Invalid",
    message: /^ConfigMap "A_b" is invalid: metadata\.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain/,
  },
  {
    name: "no name",
    body: { metadata: {} },
    code: 422,
    reason: "Invalid",
    message: /name or generateName is required/,
  },
  {
    name: "a bad label value",
    body: { metadata: { name: "a", labels: { a: "b c" } } },
    code: 422,
    reason: "Invalid",
    message: /metadata\.labels: Invalid value: "b c"/,
  },
  {
    name: "a bad label key",
    body: { metadata: { name: "a", labels: { "a/b/c": "" } } },
    code: 422,
    reason: "Invalid",
    message: /metadata\.labels: Invalid value: "a\/b\/c"/,
  },
  {
    name: "a label that is a number",
    body: { metadata: { name: "a", labels: { a: 1 } } },
    code: 400,
    reason: "BadRequest",
    message: /cannot unmarshal number into Go struct field ObjectMeta\.metadata\.labels of type string/,
  },
  {
    name: "a finalizer without a domain",
    body: { metadata: { name: "a", finalizers: ["abc"] } },
    code: 422,
    reason: "Invalid",
    message: /neither a standard finalizer name/,
  },
  {
    name: "two controllers",
    body: {
      metadata: {
        name: "a",
        ownerReferences: ["1", "2"].map((uid) => ({ apiVersion: "v1", kind: "Pod", name: uid, uid, controller: true })),
      },
    },
    code: 422,
    reason: "Invalid",
    message: /Only one reference can have Controller set to true/,
  },
  {
    name: "a resourceVersion",
    body: { metadata: { name: "a", resourceVersion: "1" } },
    code: 500,
    reason: "",
    message: /resourceVersion should not be set/,
  },
  {
    name: "another namespace",
    body: { metadata: { name: "a", namespace: "x" } },
    code: 400,
    reason: "BadRequest",
    message: /does not match the namespace sent on the request/,
  },
  {
    name: "another kind",
    body: { kind: "Secret", metadata: { name: "a" } },
    code: 400,
    reason: "BadRequest",
    message: /cannot be handled as a ConfigMap/,
  },
  {
    name: "a namespace that does not exist",
    path: "/api/v1/namespaces/nope/configmaps",
    body: { metadata: { name: "a" } },
    code: 404,
    reason: "NotFound",
    message: /^namespaces "nope" not found$/,
  },
  {
    name: "a namespaced object without namespace",
    path: "/api/v1/configmaps",
    body: { metadata: { name: "a" } },
    code: 405,
    reason: "MethodNotAllowed",
    message: /does not allow this method/,
  },
  {
    name: "a resource that is not served",
    path: "/api/v1/namespaces/default/foos",
    body: {},
    code: 404,
    reason: "NotFound",
    message: /could not find the requested resource/,
  },
  {
    name: "a Lease time without microseconds",
    path: "/apis/coordination.k8s.io/v1/namespaces/default/leases",
    body: { metadata: { name: "a" }, spec: { renewTime: "2026-01-01T00:00:00Z" } },
    code: 400,
    reason: "BadRequest",
    message: /parsing time/,
  },
  {
    name: "a Lease without duration",
    path: "/apis/coordination.k8s.io/v1/namespaces/default/leases",
    body: { metadata: { name: "a" }, spec: { leaseDurationSeconds: 0 } },
    code: 422,
    reason: "Invalid",
    message: /must be greater than 0/,
  },
  {
    name: "Secret data that is not base64",
    path: "/api/v1/namespaces/default/secrets",
    body: { metadata: { name: "a" }, data: { k: "!!" } },
    code: 400,
    reason: "BadRequest",
    message: /illegal base64 data at input byte 0/,
  },
  {
    name: "a custom resource without kind",
    path: "/apis/sharding.timebertt.dev/v1alpha1/controllerrings",
    body: { metadata: { name: "a" } },
    code: 400,
    reason: "BadRequest",
    message: /'Kind' is missing/,
  },
];

for (const { name, path: at = path, body, code, reason, message } of refused) {
  Deno.test(`create() refuses ${name}`, async () => {
    using fixture = start();
    await fixture.api.create({ metadata: { name: "taken" } });
    const before = fixture.server.revision;
    const status = await refusal(send(fixture.client, "POST", at, body));
    assert.deepEqual([status.code, status.reason], [code, reason]);
    assert.match(status.message, message);
    assert.equal(fixture.server.revision, before);
  });
}

Deno.test("create() with dryRun stores nothing", async () => {
  using fixture = start();
  const made = await fixture.api.create({ metadata: { name: "a" } }, { dryRun: true });
  assert.equal(made.metadata.resourceVersion, undefined);
  assert.equal(await fixture.api.find("a"), undefined);
});

Deno.test("create() turns a Secret's stringData into data", async () => {
  using fixture = start();
  const api = new Api(fixture.client, secrets, { namespace: "default" });
  const made = await api.create({ metadata: { name: "s" }, stringData: { k: "v" } });
  assert.deepEqual([made.data, made.stringData, made.type], [{ k: "dg==" }, undefined, "Opaque"]);
});

Deno.test("the server has the usual namespaces, and new ones carry their name as label", async () => {
  using fixture = start();
  const api = new Api(fixture.client, namespaces);
  await api.create({ metadata: { name: "mine" } });
  const { items } = await api.list();
  const names = ["default", "kube-node-lease", "kube-public", "kube-system", "mine"];
  assert.deepEqual(items.map(({ metadata }) => metadata.name), names);
  assert.deepEqual(items.map(({ metadata }) => metadata.labels?.["kubernetes.io/metadata.name"]), names);
});

Deno.test("answers are copies that the caller may change", async () => {
  using fixture = start();
  await fixture.api.create({ metadata: { name: "a", labels: { x: "1" } } });
  const copy = await fixture.api.get("a");
  Object.assign(copy.metadata.labels ?? {}, { x: "2" });
  assert.equal((await fixture.api.get("a")).metadata.labels?.["x"], "1");
});

Deno.test("a Lease may be created by PUT, a ConfigMap may not", async () => {
  using fixture = start();
  const lease = await new Api(fixture.client, leases, { namespace: "default" })
    .replace({ metadata: { name: "l" }, spec: { holderIdentity: "a" } });
  assert.equal(lease.spec?.holderIdentity, "a");
  assert.equal((await refusal(fixture.api.replace({ metadata: { name: "c" } }))).code, 404);
});
