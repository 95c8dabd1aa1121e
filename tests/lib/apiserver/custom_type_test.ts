import assert from "node:assert/strict";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import { objectAt } from "../../../lib/apiserver/json.ts";
import { type Fixture, refusal, send, start } from "./fixture.ts";

const things = "/apis/example.com/v1/namespaces/default/things";
const merge = { contentType: "application/merge-patch+json" };
const notAVersion = 'strconv.ParseUint: parsing "bad": invalid syntax';

/** A server with a custom resource `a` that has a scale; mutating webhooks see what has the label `hook`. */
async function withThing(reviews: JSONValue[] = []): Promise<Fixture> {
  const fixture = start({
    callWebhook: (_config, review) => {
      const request = objectAt(review, "request");
      reviews.push(request["object"]);
      const patch = btoa(JSON.stringify([{ op: "add", path: "/metadata/labels/hooked", value: "yes" }]));
      return Promise.resolve({ response: { uid: request["uid"], allowed: true, patchType: "JSONPatch", patch } });
    },
  });
  const integer: JSONObject = { type: "integer", format: "int32" };
  const status: JSONObject = { type: "object", properties: { replicas: { type: "integer" } } };
  await send(fixture.client, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    metadata: { name: "things.example.com" },
    spec: {
      group: "example.com",
      names: { plural: "things", kind: "Thing" },
      scope: "Namespaced",
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: ".spec.count", statusReplicasPath: ".status.replicas" },
        },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { count: integer } }, status },
          },
        },
      }],
    },
  });
  await send(fixture.client, "POST", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", {
    metadata: { name: "w" },
    webhooks: [{
      name: "w.example.com",
      clientConfig: { url: "https://127.0.0.1:1/" },
      rules: [{ apiGroups: ["example.com"], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["*"] }],
      objectSelector: { matchExpressions: [{ key: "hook", operator: "Exists" }] },
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
    }],
  });
  await send(fixture.client, "POST", things, { apiVersion: "example.com/v1", kind: "Thing", metadata: { name: "a" } });
  return fixture;
}

const refusals: readonly (readonly [JSONObject, number, string])[] = [
  [{ apiVersion: "v9" }, 422, 'Thing "a" is invalid: apiVersion: Invalid value: "v9": must be example.com/v1'],
  [{ kind: "Other" }, 422, 'Other.example.com "a" is invalid: kind: Invalid value: "Other": must be Thing'],
  [{ apiVersion: "v9", metadata: { resourceVersion: "bad" } }, 500, notAVersion],
  [{ apiVersion: "", metadata: { resourceVersion: "bad" } }, 500, notAVersion],
  [
    { apiVersion: "" },
    500,
    "Internal error occurred: Object 'apiVersion' is missing in 'object has no apiVersion field'",
  ],
  [
    { apiVersion: "v9", metadata: { labels: { hook: "" } } },
    500,
    "Internal error occurred: Internal error occurred: /v9, Kind=Thing is unstructured and is not suitable for " +
    'converting to "example.com/v1"',
  ],
  [
    { apiVersion: "example.com/v9", metadata: { labels: { hook: "" } } },
    500,
    "Internal error occurred: Internal error occurred: request to convert CR from an invalid group/version: example.com/v9",
  ],
  [
    { spec: { count: -1 } },
    422,
    'Thing.example.com "a" is invalid: .spec.count: Invalid value: -1: should be a non-negative integer',
  ],
  [
    { spec: { count: true } },
    422,
    'Thing.example.com "a" is invalid: [spec.count: Invalid value: "": spec.count in body must be of type int32: "", ' +
    ".spec.count: Invalid value: 0: .spec.count accessor error: true is of the type bool, expected int64]",
  ],
];
for (const [patch, code, message] of refusals) {
  Deno.test(`a patch ${JSON.stringify(patch)} of a custom resource is refused with ${code}`, async () => {
    using fixture = await withThing();
    const refused = await refusal(send(fixture.client, "PATCH", `${things}/a`, patch, merge));
    assert.deepEqual([refused.code, refused.message], [code, message]);
  });
}

Deno.test("a custom resource of another kind is stored as its own when a webhook changes it, and shown to it so", async () => {
  const reviews: JSONValue[] = [];
  using fixture = await withThing(reviews);
  const body = { apiVersion: "example.com/v1", kind: "Other", metadata: { name: "b", labels: { hook: "" } } };
  const made = await send(fixture.client, "POST", things, body);
  assert(isJsonObject(made));
  assert.deepEqual([made["kind"], objectAt(objectAt(made, "metadata"), "labels")], ["Thing", {
    hook: "",
    hooked: "yes",
  }]);
  assert.deepEqual(reviews.map((each) => isJsonObject(each) && each["kind"]), ["Thing"]);
});

Deno.test("an apply that creates an object shows webhooks the version that it names, which means nothing", async () => {
  const reviews: JSONValue[] = [];
  using fixture = await withThing(reviews);
  const metadata = { name: "c", resourceVersion: "7", labels: { hook: "" } };
  const applied = { contentType: "application/apply-patch+yaml" };
  const body = { apiVersion: "example.com/v1", kind: "Thing", metadata };
  const made = await send(fixture.client, "PATCH", `${things}/c?fieldManager=m`, body, applied);
  const version = (object: JSONValue): JSONValue =>
    isJsonObject(object) && objectAt(object, "metadata")["resourceVersion"];
  assert.deepEqual(reviews.map(version), ["7"]);
  assert.notEqual(version(made), "7");
});

Deno.test("webhooks and dry runs see the selfLink that is sent, but it is not stored", async () => {
  const reviews: JSONValue[] = [];
  using fixture = await withThing(reviews);
  const patch = { metadata: { selfLink: "/x", labels: { hook: "" } } };
  const selfLink = (object: JSONValue): JSONValue => isJsonObject(object) && objectAt(object, "metadata")["selfLink"];
  const answers = [
    await send(fixture.client, "PATCH", `${things}/a?dryRun=All`, patch, merge),
    await send(fixture.client, "PATCH", `${things}/a`, patch, merge),
  ];
  assert.deepEqual(answers.map(selfLink), ["/x", undefined]);
  assert.deepEqual(reviews.map(selfLink), ["/x", "/x"]);
});

Deno.test("the scale of a custom resource without replicas is not patched unless they are named", async () => {
  using fixture = await withThing();
  const labels = { metadata: { labels: { a: "1" } } };
  const refused = await refusal(send(fixture.client, "PATCH", `${things}/a/scale`, labels, merge));
  assert.deepEqual(refused, {
    code: 400,
    reason: "BadRequest",
    message: 'the spec replicas field ".spec.count" cannot be empty',
  });
  const scaled = await send(fixture.client, "PATCH", `${things}/a/scale`, { spec: { replicas: 3 } }, merge);
  assert(isJsonObject(scaled));
  assert.deepEqual(scaled["spec"], { replicas: 3 });
});
