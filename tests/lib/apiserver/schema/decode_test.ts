import assert from "node:assert/strict";
import { administrator } from "../../../../lib/apiserver/authentication/user_info.ts";
import type { JSONObject, JSONValue } from "../../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../../lib/k8s/errors.ts";
import { refusal, send, start } from "../fixture.ts";

const deployments = "/apis/apps/v1/namespaces/default/deployments";
const pod = { containers: [{ name: "c", image: "nginx" }] };

function deployment(spec: JSONObject = {}, template: JSONObject = pod): JSONObject {
  const labels = { app: "a" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d" },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: template }, ...spec },
  };
}

/** Follows a path through objects and arrays. */
function at(value: JSONValue, ...path: readonly (string | number)[]): JSONValue {
  let current = value;
  for (const key of path) {
    if (Array.isArray(current) && typeof key === "number") current = current[key];
    else if (isJsonObject(current) && typeof key === "string") current = current[key];
    else return undefined;
  }
  return current;
}

Deno.test("create() of a Deployment sets the defaults of Go, and writes what Go always writes", async () => {
  using fixture = start();
  const made = await send(fixture.client, "POST", deployments, deployment());
  assert.deepEqual(at(made, "spec", "strategy"), {
    type: "RollingUpdate",
    rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" },
  });
  assert.deepEqual([at(made, "spec", "replicas"), at(made, "status")], [1, {}]);
  assert.deepEqual(at(made, "spec", "template", "spec"), {
    containers: [{
      name: "c",
      image: "nginx",
      resources: {},
      terminationMessagePath: "/dev/termination-log",
      terminationMessagePolicy: "File",
      imagePullPolicy: "Always",
    }],
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    schedulerName: "default-scheduler",
    securityContext: {},
  });
});

Deno.test("create() owns field by field what the schema lists so", async () => {
  using fixture = start();
  const ports = [{ containerPort: 80 }];
  const made = await send(
    fixture.client,
    "POST",
    deployments,
    deployment({}, { containers: [{ name: "c", image: "nginx", ports }] }),
  );
  const fields = at(made, "metadata", "managedFields", 0, "fieldsV1", "f:spec");
  assert.deepEqual(at(fields, "f:selector"), {});
  assert.deepEqual(at(fields, "f:strategy"), {
    "f:rollingUpdate": { ".": {}, "f:maxSurge": {}, "f:maxUnavailable": {} },
    "f:type": {},
  });
  const container = at(fields, "f:template", "f:spec", "f:containers", 'k:{"name":"c"}');
  assert.deepEqual(at(container, "f:ports"), {
    ".": {},
    'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {}, "f:protocol": {} },
  });
});

interface Wrong {
  readonly name: string;
  readonly body: JSONObject;
  readonly message: string;
}

const how = 'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal';
const wrong: readonly Wrong[] = [
  {
    name: "a string for a number",
    body: deployment({ replicas: "1" }),
    message: `${how} string into Go struct field DeploymentSpec.spec.replicas of type int32`,
  },
  {
    name: "a fraction for a whole number",
    body: deployment({ replicas: 1.5 }),
    message: `${how} number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32`,
  },
  {
    name: "an object for a list",
    body: deployment({}, { containers: {} }),
    message: `${how} object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container`,
  },
  {
    name: "a number for a string deep inside",
    body: deployment({}, { containers: [{ name: 1 }] }),
    message: `${how} number into Go struct field Container.spec.template.spec.containers.name of type string`,
  },
];

for (const { name, body, message } of wrong) {
  Deno.test(`create() with ${name} gets 400`, async () => {
    using fixture = start();
    const refused = await refusal(send(fixture.client, "POST", deployments, body));
    assert.deepEqual(refused, { code: 400, reason: "BadRequest", message });
  });
}

const odd = deployment({ zoo: 1 }, { containers: [{ name: "c", image: "nginx", zip: [1] }] });

Deno.test("create() drops fields that the kind does not have, unless fieldValidation is Strict", async () => {
  using fixture = start();
  const path = `${deployments}?fieldValidation=Strict`;
  assert.deepEqual(await refusal(send(fixture.client, "POST", path, odd)), {
    code: 400,
    reason: "BadRequest",
    message: 'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ' +
      'unknown field "spec.template.spec.containers[0].zip", unknown field "spec.zoo"',
  });
  const made = await send(fixture.client, "POST", deployments, odd);
  assert.equal(at(made, "spec", "zoo"), undefined);
  const patch = { spec: { zoo: 2 } };
  const contentType = "application/merge-patch+json";
  const refused = await refusal(
    send(fixture.client, "PATCH", `${deployments}/d?fieldValidation=Strict`, patch, { contentType }),
  );
  assert.equal(refused.code, 422);
  assert.match(refused.message, /strict decoding error: unknown field "spec\.zoo"$/);
  const { code } = await refusal(send(fixture.client, "POST", `${deployments}?fieldValidation=Nope`, odd));
  assert.equal(code, 422);
});

Deno.test("the strict decoder sees fields that are there twice", async () => {
  using fixture = start();
  const text = '{"metadata":{"name":"a"},"data":{"a":"1","b":"{\\"a\\":1,\\"a\\":2}","a":"2"}}';
  const refused = await refusal(fixture.client.performRequest({
    method: "POST",
    path: "/api/v1/namespaces/default/configmaps",
    querystring: new URLSearchParams({ fieldValidation: "Strict" }),
    bodyRaw: new TextEncoder().encode(text),
  }));
  assert.match(refused.message, /strict decoding error: duplicate field "data\.a"$/);
});

Deno.test("answers warn of dropped fields unless they are to be ignored", async () => {
  using fixture = start();
  for (const [fieldValidation, count] of [["", 2], ["Warn", 2], ["Ignore", 0]] as const) {
    const answer = fixture.server.handle({
      method: "POST",
      path: deployments,
      query: new URLSearchParams({ fieldValidation, dryRun: "All" }),
      contentType: "application/json",
      accept: "",
      body: { value: structuredClone(odd) },
      user: administrator("u"),
      userAgent: "a",
      signal: undefined,
    });
    const each = await answer;
    assert.equal(each.type === "value" ? each.warnings?.length : -1, count);
  }
});

const invalid = [
  { name: "no selector", body: deployment({ selector: null }), message: /spec\.selector: Required value/ },
  { name: "another selector", body: deployment({ selector: { matchLabels: { x: "y" } } }), message: /does not match/ },
  { name: "no containers", body: deployment({}, {}), message: /spec\.template\.spec\.containers: Required value$/ },
  {
    name: "a policy that there is not",
    body: deployment({}, { containers: [{ name: "c", image: "i", imagePullPolicy: "X" }] }),
    message: /imagePullPolicy: Unsupported value: "X": supported values: "Always", "IfNotPresent", "Never"$/,
  },
  { name: "fewer than no replicas", body: deployment({ replicas: -1 }), message: /greater than or equal to 0$/ },
];

for (const { name, body, message } of invalid) {
  Deno.test(`create() of a Deployment with ${name} gets 422`, async () => {
    using fixture = start();
    const refused = await refusal(send(fixture.client, "POST", deployments, body));
    assert.equal(refused.code, 422);
    assert.match(refused.message, message);
  });
}
