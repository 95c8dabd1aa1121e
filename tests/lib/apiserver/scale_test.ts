import assert from "node:assert/strict";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import { objectAt, objectsAt } from "../../../lib/apiserver/json.ts";
import { type Fixture, refusal, send, start } from "./fixture.ts";

const deployments = "/apis/apps/v1/namespaces/default/deployments";
const merge = { contentType: "application/merge-patch+json" };
const apply = { contentType: "application/apply-patch+yaml" };

function deployment(name: string, replicas: number): JSONObject {
  const labels = { app: name };
  return {
    metadata: { name },
    spec: {
      replicas,
      selector: {
        matchLabels: labels,
        matchExpressions: [{ key: "x", operator: "NotIn", values: ["b", "a"] }, { key: "y", operator: "DoesNotExist" }],
      },
      template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } },
    },
  };
}

async function object(promise: Promise<JSONValue>): Promise<JSONObject> {
  const value = await promise;
  assert(isJsonObject(value));
  return value;
}

/** Who owns the number of replicas: manager, operation, subresource, and whether a time is known. */
async function owners(fixture: Fixture, path: string): Promise<readonly unknown[]> {
  const { metadata } = await object(send(fixture.client, "GET", path));
  assert(isJsonObject(metadata));
  return objectsAt(metadata, "managedFields")
    .filter(({ fieldsV1 }) => isJsonObject(fieldsV1) && objectAt(fieldsV1, "f:spec")["f:replicas"] !== undefined)
    .map(({ manager, operation, subresource, time }) => [manager, operation, subresource, time !== undefined]);
}

async function replicas(fixture: Fixture, path: string): Promise<readonly unknown[]> {
  const { spec, metadata } = await object(send(fixture.client, "GET", path));
  assert(isJsonObject(spec) && isJsonObject(metadata));
  return [spec["replicas"], metadata["generation"]];
}

Deno.test("the scale of a Deployment shows its replicas and its selector as text", async () => {
  using fixture = start();
  const made = await object(send(fixture.client, "POST", deployments, deployment("a", 2)));
  const { name, namespace, uid, resourceVersion, creationTimestamp } = objectAt(made, "metadata");
  assert.deepEqual(await send(fixture.client, "GET", `${deployments}/a/scale`), {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: 2 },
    status: { replicas: 0, selector: "app=a,x notin (a,b),!y" },
  });
});

const writes: readonly (readonly [string, "PUT" | "PATCH", JSONValue, object])[] = [
  ["a replace", "PUT", { metadata: { name: "a" }, spec: { replicas: 3 } }, {}],
  ["a merge patch", "PATCH", { spec: { replicas: 3 } }, merge],
  ["a strategic merge patch", "PATCH", { spec: { replicas: 3 } }, {
    contentType: "application/strategic-merge-patch+json",
  }],
  ["a JSON patch", "PATCH", [{ op: "replace", path: "/spec/replicas", value: 3 }], {
    contentType: "application/json-patch+json",
  }],
];

for (const [name, method, body, options] of writes) {
  Deno.test(`${name} of the scale changes the replicas, the generation and their owner`, async () => {
    using fixture = start();
    await send(fixture.client, "POST", `${deployments}?fieldManager=maker`, deployment("a", 2));
    const scale = `${deployments}/a/scale`;
    const answer = await object(send(fixture.client, method, `${scale}?fieldManager=scaler&dryRun=All`, body, options));
    assert.deepEqual(objectAt(answer, "spec"), { replicas: 3 });
    assert.deepEqual(await replicas(fixture, `${deployments}/a`), [2, 1]);
    await send(fixture.client, method, `${scale}?fieldManager=scaler`, body, options);
    assert.deepEqual(await replicas(fixture, `${deployments}/a`), [3, 2]);
    assert.deepEqual(await owners(fixture, `${deployments}/a`), [["scaler", "Update", "scale", false]]);
    await send(fixture.client, method, `${scale}?fieldManager=other`, body, options);
    assert.deepEqual(await owners(fixture, `${deployments}/a`), [["scaler", "Update", "scale", false]]);
  });
}

Deno.test("server-side apply of a scale conflicts with other owners, unless it is forced", async () => {
  using fixture = start();
  await send(fixture.client, "POST", `${deployments}?fieldManager=maker`, deployment("a", 2));
  const scale = `${deployments}/a/scale`;
  await send(fixture.client, "PATCH", `${scale}?fieldManager=scaler`, { spec: { replicas: 5 } }, merge);
  const configuration = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "a" }, spec: { replicas: 1 } };
  const applied = (query: string): Promise<JSONValue> =>
    send(fixture.client, "PATCH", `${scale}?${query}`, configuration, apply);
  const { code, message } = await refusal(applied("fieldManager=applier"));
  assert.equal(code, 409);
  assert.equal(
    message,
    'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using autoscaling/v1: .spec.replicas',
  );
  await applied("fieldManager=applier&force=true");
  assert.deepEqual(await replicas(fixture, `${deployments}/a`), [1, 3]);
  assert.deepEqual(await owners(fixture, `${deployments}/a`), [["applier", "Apply", "scale", false]]);
  assert.equal((await refusal(applied(""))).code, 422);
});

const refused: readonly (readonly [string, JSONObject, number])[] = [
  ["of an old version", { metadata: { name: "a", resourceVersion: "1" }, spec: { replicas: 1 } }, 409],
  ["of another object of this name", { metadata: { name: "a", uid: "x" }, spec: { replicas: 1 } }, 409],
  ["of another name", { metadata: { name: "b" }, spec: { replicas: 1 } }, 400],
  ["of less than nothing", { metadata: { name: "a" }, spec: { replicas: -1 } }, 422],
];

for (const [name, body, code] of refused) {
  Deno.test(`a scale ${name} is refused with ${code}`, async () => {
    using fixture = start();
    await send(fixture.client, "POST", deployments, deployment("a", 2));
    assert.equal((await refusal(send(fixture.client, "PUT", `${deployments}/a/scale`, body))).code, code);
    assert.deepEqual(await replicas(fixture, `${deployments}/a`), [2, 1]);
  });
}

Deno.test("an unchanged scale gives who set the replicas an entry for them alone, which the next write loses", async () => {
  using fixture = start();
  const { metadata } = await object(send(fixture.client, "POST", deployments, deployment("a", 2)));
  assert(isJsonObject(metadata));
  const [creator] = objectsAt(metadata, "managedFields");
  await send(fixture.client, "PATCH", `${deployments}/a/scale`, {}, merge);
  assert.deepEqual(await owners(fixture, `${deployments}/a`), [[creator?.["manager"], "Update", undefined, false]]);
  await send(fixture.client, "PATCH", `${deployments}/a/scale`, {}, merge);
  assert.deepEqual(await owners(fixture, `${deployments}/a`), []);
});

Deno.test("scaling to zero leaves the number without an owner", async () => {
  using fixture = start();
  await send(fixture.client, "POST", deployments, deployment("a", 2));
  const body = { metadata: { name: "a" }, spec: { replicas: 0 } };
  const scale = await object(send(fixture.client, "PUT", `${deployments}/a/scale`, body));
  assert.deepEqual(objectAt(scale, "spec"), {});
  assert.deepEqual(await owners(fixture, `${deployments}/a`), []);
});

Deno.test("webhooks are shown Scales, and may change them", async () => {
  const requests: JSONObject[] = [];
  using fixture = start({
    callWebhook: (_client, { request }) => {
      assert(isJsonObject(request));
      requests.push(request);
      const patch = btoa(JSON.stringify([{ op: "replace", path: "/spec/replicas", value: 4 }]));
      return Promise.resolve({ response: { uid: request["uid"], allowed: true, patchType: "JSONPatch", patch } });
    },
  });
  await send(fixture.client, "POST", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", {
    metadata: { name: "w" },
    webhooks: [{
      name: "w.example.com",
      clientConfig: { url: "https://w.example.com/" },
      rules: [{ apiGroups: ["apps"], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["deployments/scale"] }],
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
    }],
  });
  await send(fixture.client, "POST", deployments, deployment("a", 2));
  await send(fixture.client, "PATCH", `${deployments}/a/scale`, { spec: { replicas: 9 } }, merge);
  assert.deepEqual(await replicas(fixture, `${deployments}/a`), [4, 2]);
  const [{ kind, resource, subResource } = {}] = requests;
  assert.deepEqual(kind, { group: "autoscaling", version: "v1", kind: "Scale" });
  assert.deepEqual(resource, { group: "apps", version: "v1", resource: "deployments" });
  assert.equal(subResource, "scale");
});

const things = "/apis/example.com/v1/namespaces/default/things";

async function defineThings(fixture: Fixture): Promise<void> {
  const count = { type: "object", properties: { n: { type: "integer" }, s: { type: "string" } } };
  const schema = { openAPIV3Schema: { type: "object", properties: { spec: count, status: count } } };
  const scale = { specReplicasPath: ".spec.n", statusReplicasPath: ".status.n", labelSelectorPath: ".status.s" };
  await send(fixture.client, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    metadata: { name: "things.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "things", kind: "Thing" },
      versions: [{ name: "v1", served: true, storage: true, schema, subresources: { status: {}, scale } }],
    },
  });
}

function thing(name: string, spec: JSONObject): JSONObject {
  return { apiVersion: "example.com/v1", kind: "Thing", metadata: { name }, spec };
}

Deno.test("a custom resource is scaled where its definition says", async () => {
  using fixture = start();
  await defineThings(fixture);
  await send(fixture.client, "POST", things, thing("a", { n: 2 }));
  await send(fixture.client, "PATCH", `${things}/a/status`, { status: { n: 1, s: "a=b" } }, merge);
  const scale = await object(send(fixture.client, "PATCH", `${things}/a/scale`, { spec: { replicas: 3 } }, merge));
  assert.deepEqual([scale["spec"], scale["status"]], [{ replicas: 3 }, { replicas: 1, selector: "a=b" }]);
  const { spec, metadata } = await object(send(fixture.client, "GET", `${things}/a`));
  assert(isJsonObject(metadata));
  assert.deepEqual([spec, metadata["generation"]], [{ n: 3 }, 2]);
});

Deno.test("a custom resource that does not say how many has no scale, until it is given one", async () => {
  using fixture = start();
  await defineThings(fixture);
  await send(fixture.client, "POST", things, thing("a", {}));
  const { code, message } = await refusal(send(fixture.client, "GET", `${things}/a/scale`));
  assert.deepEqual([code, message], [500, 'Internal error occurred: the spec replicas field ".spec.n" does not exist']);
  const body = (replicas: number): JSONObject => ({ metadata: { name: "a" }, spec: { replicas } });
  const negative = await refusal(send(fixture.client, "PUT", `${things}/a/scale`, body(-1)));
  assert.match(negative.message, /\.spec\.n: Invalid value: -1: should be a non-negative integer$/);
  const scale = await object(send(fixture.client, "PUT", `${things}/a/scale`, body(5)));
  assert.deepEqual(scale["spec"], { replicas: 5 });
  const strategic = { contentType: "application/strategic-merge-patch+json" };
  assert.equal((await refusal(send(fixture.client, "PATCH", `${things}/a/scale`, {}, strategic))).code, 415);
});
