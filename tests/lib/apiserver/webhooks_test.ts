import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { CallWebhook } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { configMaps, namespaces } from "../../../lib/k8s/kinds/core.ts";
import type { MutatingWebhook } from "../../../lib/k8s/types.ts";
import { type Fixture, refusal, rings, send, start } from "./fixture.ts";

/** What webhooks were asked, and what they answer. */
interface Script {
  readonly requests: JSONObject[];
  readonly fixture: Fixture;
}

type Reply = (request: JSONObject, signal: AbortSignal) => JSONValue | Promise<JSONValue>;

async function scripted(webhooks: readonly Partial<MutatingWebhook>[], reply: Reply): Promise<Script> {
  const requests: JSONObject[] = [];
  const callWebhook: CallWebhook = async (_clientConfig, review, signal) => {
    const { request } = review;
    assert(isJsonObject(request));
    requests.push(request);
    const response = await reply(request, signal);
    return { response: isJsonObject(response) ? { uid: request["uid"], ...response } : response };
  };
  const fixture = start({ callWebhook });
  const api = new Api(fixture.client, mutatingWebhookConfigurations);
  await api.create({
    metadata: { name: "w" },
    webhooks: webhooks.map((webhook, index) => ({
      name: `w${index}.example.com`,
      clientConfig: { url: "https://webhook.example.com" },
      rules: [{ apiGroups: [""], apiVersions: ["*"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"] }],
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      ...webhook,
    })),
  });
  return { requests, fixture };
}

function patch(...operations: JSONObject[]): JSONObject {
  const text = Buffer.from(JSON.stringify(operations)).toString("base64");
  return { allowed: true, patchType: "JSONPatch", patch: text };
}

const allow: Reply = () => ({ allowed: true });

Deno.test("a webhook is shown the request, and its patch is applied", async () => {
  const reply: Reply = () => patch({ op: "add", path: "/metadata/labels", value: { shard: "s1" } });
  const { requests, fixture } = await scripted([{}], reply);
  using _ = fixture;
  const api = new Api(
    fixture.server.client({ user: { username: "jane", uid: "7", groups: ["system:masters"], extra: { team: ["a"] } } }),
    configMaps,
    { namespace: "default" },
  );
  const made = await api.create({ metadata: { name: "a" } });
  assert.deepEqual(made.metadata.labels, { shard: "s1" });
  const [request = {}] = requests;
  const { operation, name, namespace, resource, kind, dryRun, oldObject, userInfo } = request;
  assert.deepEqual([operation, name, namespace, dryRun, oldObject], ["CREATE", "a", "default", false, null]);
  assert.deepEqual(resource, { group: "", version: "v1", resource: "configmaps" });
  assert.deepEqual(kind, { group: "", version: "v1", kind: "ConfigMap" });
  assert.deepEqual(userInfo, {
    username: "jane",
    uid: "7",
    groups: ["system:masters", "system:authenticated"],
    extra: { team: ["a"] },
  });
  assert.equal(JSON.stringify(request["object"]).includes("uid"), false);
});

Deno.test("a webhook may name an object that has only generateName", async () => {
  const reply: Reply = () => patch({ op: "add", path: "/metadata/name", value: "chosen" });
  const { requests, fixture } = await scripted([{}], reply);
  using _ = fixture;
  const made = await fixture.api.create({ metadata: { generateName: "x-" } });
  assert.equal(made.metadata.name, "chosen");
  assert.equal(requests[0]?.["name"], undefined);
});

Deno.test("an update is shown with its old object, and the object selector may match either", async () => {
  const objectSelector = { matchExpressions: [{ key: "shard", operator: "DoesNotExist" }] };
  const { requests, fixture } = await scripted([{ objectSelector }], allow);
  using _ = fixture;
  await fixture.api.create({ metadata: { name: "a", labels: { shard: "s" } } });
  assert.equal(requests.length, 0);
  await fixture.api.patch("a", { type: "merge", patch: { data: { k: "v" } } });
  assert.equal(requests.length, 0);
  await fixture.api.patch("a", { type: "merge", patch: { metadata: { labels: { shard: null } } } });
  await fixture.api.patch("a", { type: "merge", patch: { metadata: { labels: { shard: "t" } } } });
  await fixture.api.patch("a", { type: "merge", patch: { data: { k: "w" } } });
  assert.deepEqual(requests.map(({ operation }) => operation), ["UPDATE", "UPDATE"]);
});

Deno.test("the namespace selector looks at the namespace, and never exempts cluster-scoped objects but namespaces", async () => {
  const namespaceSelector = { matchLabels: { chosen: "yes" } };
  const rule = { apiGroups: ["*"], apiVersions: ["*"], operations: ["CREATE"], resources: ["*"] };
  const { requests, fixture } = await scripted([{ namespaceSelector, rules: [rule] }], allow);
  using _ = fixture;
  const all = new Api(fixture.client, namespaces);
  await all.create({ metadata: { name: "no" } });
  await all.create({ metadata: { name: "yes", labels: { chosen: "yes" } } });
  await fixture.api.inNamespace("no").create({ metadata: { name: "a" } });
  await fixture.api.inNamespace("yes").create({ metadata: { name: "b" } });
  await new Api(fixture.client, rings).create({ metadata: { name: "c" } });
  assert.deepEqual(requests.map(({ name }) => name), ["yes", "b", "c"]);
});

const rules: readonly (readonly [string, Record<string, string[] | string>, boolean])[] = [
  ["another group", { apiGroups: ["apps"] }, false],
  ["another version", { apiVersions: ["v2"] }, false],
  ["another operation", { operations: ["UPDATE"] }, false],
  ["all operations", { operations: ["*"] }, true],
  ["a subresource", { resources: ["configmaps/status"] }, false],
  ["all subresources", { resources: ["configmaps/*"] }, true],
  ["all resources", { resources: ["*"] }, true],
  ["everything", { resources: ["*/*"] }, true],
  ["namespaced objects", { scope: "Namespaced" }, true],
  ["cluster-scoped objects", { scope: "Cluster" }, false],
];

for (const [name, rule, asked] of rules) {
  Deno.test(`a rule for ${name} ${asked ? "covers" : "does not cover"} the creation of a ConfigMap`, async () => {
    const whole = { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"], ...rule };
    const { requests, fixture } = await scripted([{ rules: [whole] }], allow);
    using _ = fixture;
    await fixture.api.create({ metadata: { name: "a" } });
    assert.equal(requests.length, asked ? 1 : 0);
  });
}

Deno.test("a refusal holds, with its code and message, whatever the failure policy says", async () => {
  const reply: Reply = () => ({ allowed: false, status: { code: 418, reason: "Teapot", message: "no coffee" } });
  const { fixture } = await scripted([{ failurePolicy: "Ignore" }], reply);
  using _ = fixture;
  assert.deepEqual(await refusal(fixture.api.create({ metadata: { name: "a" } })), {
    code: 418,
    reason: "Teapot",
    message: 'admission webhook "w0.example.com" denied the request: no coffee',
  });
  assert.equal(await fixture.api.find("a"), undefined);
});

const failures: readonly (readonly [string, Reply])[] = [
  ["fails", () => Promise.reject(new Error("connection refused"))],
  ["answers with something else", () => "nothing"],
  ["answers another request", () => ({ uid: "other", allowed: true })],
];

for (const [name, reply] of failures) {
  Deno.test(`a webhook that ${name} fails the request only with failurePolicy Fail`, async () => {
    const { fixture } = await scripted([{ failurePolicy: "Fail" }], reply);
    using _ = fixture;
    const { code, reason, message } = await refusal(fixture.api.create({ metadata: { name: "a" } }));
    assert.deepEqual([code, reason], [500, "InternalError"]);
    assert.match(
      message,
      /^Internal error occurred: failed calling webhook "w0\.example\.com": (failed to call webhook|received invalid webhook response): /,
    );
    const ignored = await scripted([{ failurePolicy: "Ignore" }], reply);
    using _ignored = ignored.fixture;
    assert.equal((await ignored.fixture.api.create({ metadata: { name: "a" } })).metadata.labels, undefined);
  });
}

Deno.test("a webhook that does not answer in time is given up", async () => {
  let aborted = false;
  const reply: Reply = (_request, signal) => new Promise(() => signal.addEventListener("abort", () => aborted = true));
  const { fixture } = await scripted([{ failurePolicy: "Ignore", timeoutSeconds: 3 }], reply);
  using _ = fixture;
  const made = fixture.api.create({ metadata: { name: "a" } });
  await fixture.clock.advance(2_999);
  assert.equal(aborted, false);
  await fixture.clock.advance(1);
  assert.equal((await made).metadata.name, "a");
  assert.equal(aborted, true);
});

Deno.test("a patch that cannot be applied fails the request", async () => {
  const reply: Reply = () => patch({ op: "remove", path: "/metadata/labels/none" });
  const { fixture } = await scripted([{ failurePolicy: "Ignore" }], reply);
  using _ = fixture;
  assert.equal((await refusal(fixture.api.create({ metadata: { name: "a" } }))).code, 500);
});

const conditions: readonly (readonly [string, string, number | undefined])[] = [
  ["object.metadata.name == 'a'", "asked", undefined],
  ["request.operation == 'CREATE' && request.userInfo.username != 'system:admin'", "passed over", undefined],
  ["!has(object.metadata.labels) || object.metadata.labels['x'] != 'y'", "asked", undefined],
  ["oldObject != null", "passed over", undefined],
  ["object.nothing == 1", "asked", 403],
];

for (const [expression, outcome, code] of conditions) {
  Deno.test(`a webhook with the condition ${expression} is ${code === undefined ? outcome : `answered ${code}`}`, async () => {
    const { requests, fixture } = await scripted([{ matchConditions: [{ name: "x", expression }] }], allow);
    using _ = fixture;
    const made = fixture.api.create({ metadata: { name: "a" } });
    if (code === undefined) await made;
    else assert.equal((await refusal(made)).code, code);
    assert.equal(requests.length, outcome === "asked" && code === undefined ? 1 : 0);
  });
}

Deno.test("conditions that cannot be compiled, or ask the authorizer, are refused at creation", async () => {
  for (const [expression, expected] of [["1 +", 422], ["authorizer.path('/x').check('get').allowed()", 501]] as const) {
    const { code } = await refusal(scripted([{ matchConditions: [{ name: "x", expression }] }], allow));
    assert.equal(code, expected);
  }
});

Deno.test("a rule for another version of the same objects is heeded unless matchPolicy is Exact", async () => {
  const rules = [{ apiGroups: ["events.k8s.io"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["events"] }];
  const reply: Reply = () => patch({ op: "add", path: "/note", value: "noted" });
  for (const matchPolicy of ["Equivalent", "Exact"]) {
    const { requests, fixture } = await scripted([{ rules, matchPolicy }], reply);
    using _ = fixture;
    const event = { metadata: { name: "e" }, involvedObject: { kind: "Pod", namespace: "default" }, message: "m" };
    const made = await send(fixture.client, "POST", "/api/v1/namespaces/default/events", event);
    assert(isJsonObject(made));
    const [request] = requests;
    if (matchPolicy === "Exact") {
      assert.equal(request, undefined);
      continue;
    }
    assert.equal(made["message"], "noted");
    const { kind, requestKind, resource, requestResource } = request ?? {};
    assert.deepEqual(kind, { group: "events.k8s.io", version: "v1", kind: "Event" });
    assert.deepEqual(requestKind, { group: "", version: "v1", kind: "Event" });
    assert.deepEqual(resource, { group: "events.k8s.io", version: "v1", resource: "events" });
    assert.deepEqual(requestResource, { group: "", version: "v1", resource: "events" });
  }
});

Deno.test("an object that changes while webhooks are asked about its patch is patched from its new state", async () => {
  let interfere = true;
  const script = await scripted([{}], async () => {
    if (interfere) {
      interfere = false;
      const patch = { type: "merge", patch: { data: { other: "1" } } } as const;
      await script.fixture.api.patch("a", patch);
    }
    return { allowed: true };
  });
  using fixture = script.fixture;
  interfere = false;
  await fixture.api.create({ metadata: { name: "a" } });
  interfere = true;
  await fixture.api.patch("a", { type: "merge", patch: { data: { mine: "1" } } });
  assert.deepEqual((await fixture.api.get("a")).data, { mine: "1", other: "1" });
});

Deno.test("later webhooks see what earlier ones changed, and a reinvocation what came after", async () => {
  const reply: Reply = (request) => {
    const { object } = request;
    const data = isJsonObject(object) && isJsonObject(object["data"]) ? object["data"] : {};
    const value = { ...data, [`n${Object.keys(data).length}`]: "x" };
    return Object.keys(data).length < 2 ? patch({ op: "add", path: "/data", value }) : { allowed: true };
  };
  const { requests, fixture } = await scripted([{ reinvocationPolicy: "IfNeeded" }, {}], reply);
  using _ = fixture;
  assert.deepEqual((await fixture.api.create({ metadata: { name: "a" } })).data, { n0: "x", n1: "x" });
  assert.equal(requests.length, 3);
});

Deno.test("a dry run asks webhooks, as none may have side effects then", async () => {
  const { requests, fixture } = await scripted([{ sideEffects: "NoneOnDryRun" }], allow);
  using _ = fixture;
  await fixture.api.create({ metadata: { name: "a" } }, { dryRun: true });
  assert.equal(requests.length, 1);
  const { code, message } = await refusal(scripted([{ sideEffects: "Some" }], allow));
  assert.equal(code, 422);
  assert.match(message, /sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"/);
});
