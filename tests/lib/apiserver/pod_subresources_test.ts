import assert from "node:assert/strict";
import type { DialNode } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../lib/k8s/errors.ts";
import { brief, type Fixture, refusal, send, start, take } from "./fixture.ts";
import { createPod, pods, podsPath } from "./pod_fixture.ts";

async function pod(
  fixture: Fixture,
  name: string,
): Promise<{ spec: JSONObject; status: JSONObject; metadata: object }> {
  const { spec = {}, status = {}, metadata } = await new Api(fixture.client, pods, { namespace: "default" }).get(name);
  return { spec, status, metadata };
}

function bind(fixture: Fixture, name: string, node = "n", more: JSONObject = {}): Promise<JSONValue> {
  const body = { metadata: { name, ...more }, target: { kind: "Node", name: node } };
  return send(fixture.client, "POST", `${podsPath}/${name}/binding`, body);
}

Deno.test("a binding puts a pod on a node, once", async () => {
  using fixture = start();
  await createPod(fixture, "a");
  const answer = await bind(fixture, "a", "n", { annotations: { x: "y" } });
  assert.deepEqual(answer, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 });
  const { spec, status, metadata } = await pod(fixture, "a");
  assert.equal(spec["nodeName"], "n");
  assert.deepEqual(status["conditions"], [
    { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: "2026-01-01T00:00:00Z" },
  ]);
  assert.deepEqual(Reflect.get(metadata, "annotations"), { x: "y" });
  assert.deepEqual(await refusal(bind(fixture, "a", "m")), {
    code: 409,
    reason: "Conflict",
    message: 'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n"',
  });
});

Deno.test("a binding leaves nothing of the reason why a pod was on no node", async () => {
  using fixture = start();
  await createPod(fixture, "a");
  const waiting = { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no node fits" };
  const contentType = "application/merge-patch+json";
  const status = "/api/v1/namespaces/default/pods/a/status";
  await send(fixture.client, "PATCH", status, { status: { conditions: [waiting] } }, { contentType });
  await bind(fixture, "a", "n");
  assert.deepEqual((await pod(fixture, "a")).status["conditions"], [
    { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: "2026-01-01T00:00:00Z" },
  ]);
});

Deno.test("a binding may also be posted on its own", async () => {
  using fixture = start();
  await createPod(fixture, "a");
  const path = "/api/v1/namespaces/default/bindings";
  await send(fixture.client, "POST", path, { metadata: { name: "a" }, target: { name: "n" } });
  assert.equal((await pod(fixture, "a")).spec["nodeName"], "n");
  const nameless = await refusal(send(fixture.client, "POST", path, { target: { name: "n" } }));
  assert.deepEqual([nameless.code, nameless.message], [400, "Name parameter required."]);
});

const badBindings: readonly (readonly [string, JSONObject, number])[] = [
  ["names another pod", { metadata: { name: "b" }, target: { name: "n" } }, 400],
  ["names no node", { metadata: { name: "a" }, target: { name: "" } }, 500],
  ["names something else", { metadata: { name: "a" }, target: { kind: "Table", name: "n" } }, 500],
  ["was made for another pod of this name", { metadata: { name: "a", uid: "x" }, target: { name: "n" } }, 409],
  ["is for a pod in another namespace", { metadata: { name: "a", namespace: "x" }, target: { name: "n" } }, 400],
];

for (const [name, body, code] of badBindings) {
  Deno.test(`a binding that ${name} gets ${code}`, async () => {
    using fixture = start();
    await createPod(fixture, "a");
    assert.equal((await refusal(send(fixture.client, "POST", `${podsPath}/a/binding`, body))).code, code);
    assert.equal((await pod(fixture, "a")).spec["nodeName"], undefined);
  });
}

Deno.test("a pod that is being deleted is not bound, nor is one that is not there", async () => {
  using fixture = start();
  await createPod(fixture, "a", {}, { finalizers: ["example.com/x"] });
  await send(fixture.client, "DELETE", `${podsPath}/a`);
  assert.match((await refusal(bind(fixture, "a"))).message, /pod a is being deleted, cannot be assigned to a host/);
  assert.equal((await refusal(bind(fixture, "none"))).code, 404);
});

Deno.test("an eviction says why, and deletes the pod with its grace period", async () => {
  using fixture = start();
  await createPod(fixture, "a", { nodeName: "n" });
  const events = await new Api(fixture.client, pods, { namespace: "default" }).watch({
    resourceVersion: String(fixture.server.revision),
  });
  const evict = (deleteOptions: JSONObject = {}): Promise<JSONValue> =>
    send(fixture.client, "POST", `${podsPath}/a/eviction`, { metadata: { name: "a" }, deleteOptions });
  await evict({ dryRun: ["All"] });
  await evict();
  await evict();
  const { status, metadata } = await pod(fixture, "a");
  assert.equal(Reflect.get(metadata, "deletionGracePeriodSeconds"), 30);
  assert.deepEqual(status["conditions"], [{
    type: "DisruptionTarget",
    status: "True",
    lastProbeTime: null,
    lastTransitionTime: "2026-01-01T00:00:00Z",
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
  }]);
  assert.equal((await refusal(evict({ preconditions: { uid: "x" } }))).code, 409);
  await evict({ gracePeriodSeconds: 0 });
  const seen = await take(events, 4);
  assert.deepEqual(seen.map(brief), ["MODIFIED a", "MODIFIED a", "MODIFIED a", "DELETED a"]);
  assert.equal((await refusal(evict())).code, 404);
});

const node = {
  metadata: { name: "n" },
  status: {
    addresses: [{ type: "Hostname", address: "box" }, { type: "InternalIP", address: "127.0.0.1" }],
    daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
  },
};

/** A server whose nodes answer with some text, and what they were asked. */
function withNodes(code = 200): { readonly fixture: Fixture; readonly asked: string[] } {
  const asked: string[] = [];
  const dialNode: DialNode = ({ host, port }, path) => {
    asked.push(`${host}:${port}${path}`);
    const body = new Blob(["one\n", "two\n"]).stream();
    return Promise.resolve({ code, contentType: "text/plain", body });
  };
  return { fixture: start({ dialNode }), asked };
}

async function log(fixture: Fixture, name: string, query = ""): Promise<string> {
  const bytes = await fixture.client.performRequest({
    method: "GET",
    path: `${podsPath}/${name}/log`,
    querystring: new URLSearchParams(query),
  });
  return new TextDecoder().decode(bytes);
}

Deno.test("the log of a pod is what its node says", async () => {
  const { fixture, asked } = withNodes();
  using _ = fixture;
  await send(fixture.client, "POST", "/api/v1/nodes", node);
  await createPod(fixture, "a", { nodeName: "n" });
  assert.equal(await log(fixture, "a"), "one\ntwo\n");
  const query = "follow=true&previous=true&tailLines=3&sinceSeconds=5&limitBytes=7&timestamps=true";
  await log(fixture, "a", `${query}&container=c`);
  await log(fixture, "a", "sinceTime=2020-01-01T01:00:00.5%2B01:00&follow=false");
  assert.deepEqual(asked, [
    "127.0.0.1:10250/containerLogs/default/a/c",
    "127.0.0.1:10250/containerLogs/default/a/c?" +
    "follow=true&limitBytes=7&previous=true&sinceSeconds=5&tailLines=3&timestamps=true",
    "127.0.0.1:10250/containerLogs/default/a/c?sinceTime=2020-01-01T00%3A00%3A00Z",
  ]);
});

Deno.test("the log of a pod on no node is empty, and its containers have to be named when there are several", async () => {
  const { fixture, asked } = withNodes();
  using _ = fixture;
  await createPod(fixture, "a");
  assert.equal(await log(fixture, "a"), "");
  const containers = [{ name: "c", image: "i" }, { name: "d", image: "i" }];
  await createPod(fixture, "b", { nodeName: "gone", containers, initContainers: [{ name: "i", image: "i" }] });
  const refusals: readonly (readonly [string, string, number, string])[] = [
    ["b", "", 400, "a container name must be specified for pod b, choose one of: [i c d]"],
    ["b", "container=x", 400, "container x is not valid for pod b"],
    ["b", "container=c", 404, 'pods "gone" not found'],
    ["none", "", 404, 'pods "none" not found'],
    ["a", "tailLines=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    [
      "a",
      "tailLines=-1",
      422,
      'PodLogOptions "a" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
  ];
  for (const [name, query, code, message] of refusals) {
    const refused = await refusal(log(fixture, name, query));
    assert.deepEqual([refused.code, refused.message], [code, message]);
  }
  assert.deepEqual(asked, []);
});

const nodeRefusals: readonly (readonly [number, string, string])[] = [
  [400, "BadRequest", "one\ntwo"],
  [404, "NotFound", "the server could not find the requested resource ( pods/log a)"],
  [500, "InternalError", "Internal error occurred: one\ntwo"],
];

for (const [code, reason, message] of nodeRefusals) {
  Deno.test(`a node that answers ${code} is passed on as ${reason}`, async () => {
    const { fixture } = withNodes(code);
    using _ = fixture;
    await send(fixture.client, "POST", "/api/v1/nodes", node);
    await createPod(fixture, "a", { nodeName: "n" });
    assert.deepEqual(await refusal(log(fixture, "a")), { code, reason, message });
  });
}

Deno.test("without a way to nodes a log is refused with 501, and a node without address with 500", async () => {
  using fixture = start();
  await send(fixture.client, "POST", "/api/v1/nodes", node);
  await createPod(fixture, "a", { nodeName: "n" });
  assert.equal((await refusal(log(fixture, "a"))).code, 501);
  const { fixture: other } = withNodes();
  using _ = other;
  await send(other.client, "POST", "/api/v1/nodes", { metadata: { name: "n" } });
  await createPod(other, "a", { nodeName: "n" });
  assert.match((await refusal(log(other, "a"))).message, /^no preferred addresses found/);
});

Deno.test("a follower of a log gets it as it comes, and may leave", async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("first\n")),
    cancel: () => void (cancelled = true),
  });
  using fixture = start({ dialNode: () => Promise.resolve({ code: 200, contentType: "text/plain", body }) });
  await send(fixture.client, "POST", "/api/v1/nodes", node);
  await createPod(fixture, "a", { nodeName: "n" });
  const stream = await fixture.client.performRequest({
    method: "GET",
    path: `${podsPath}/a/log`,
    querystring: new URLSearchParams("follow=true"),
    expectStream: true,
  });
  const reader = stream.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "first\n");
  await reader.cancel();
  assert.equal(cancelled, true);
});

Deno.test("discovery names the subresources, with the kinds of their bodies", async () => {
  using fixture = start();
  const list = await send(fixture.client, "GET", "/api/v1");
  assert(isJsonObject(list) && Array.isArray(list["resources"]));
  const found = list["resources"].filter(isJsonObject).filter(({ name }) => String(name).startsWith("pods/"));
  assert.deepEqual(found.map(({ name, group, kind, verbs }) => [name, group, kind, verbs]), [
    ["pods/binding", undefined, "Binding", ["create"]],
    ["pods/eviction", "policy", "Eviction", ["create"]],
    ["pods/log", undefined, "Pod", ["get"]],
    ["pods/status", undefined, "Pod", ["get", "patch", "update"]],
  ]);
});

const budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";

/** A running pod, and a budget for it with some status. */
async function budgeted(fixture: Fixture, status: JSONObject, ready = true): Promise<void> {
  const merge = { contentType: "application/merge-patch+json" };
  await createPod(fixture, "a", { nodeName: "n" }, { labels: { app: "a" } });
  const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
  await send(fixture.client, "PATCH", `${podsPath}/a/status`, { status: { phase: "Running", conditions } }, merge);
  const spec = { minAvailable: 1, selector: { matchLabels: { app: "a" } } };
  await send(fixture.client, "POST", budgets, { metadata: { name: "b" }, spec });
  await send(fixture.client, "PATCH", `${budgets}/b/status`, { status }, merge);
}

const budgetCases: readonly (readonly [string, JSONObject, boolean, number | undefined])[] = [
  ["nobody has looked at", {}, true, 429],
  ["has nothing left", { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1 }, true, 429],
  ["has something left", { observedGeneration: 1, disruptionsAllowed: 1 }, true, undefined],
  ["has nothing left and is not met", { observedGeneration: 1, desiredHealthy: 1 }, false, 429],
  ["is met without the pod", { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1 }, false, undefined],
];

for (const [name, status, ready, code] of budgetCases) {
  const which = ready ? "" : " that is not ready";
  Deno.test(`a pod${which} whose budget ${name} is ${code === undefined ? "evicted" : `kept, with ${code}`}`, async () => {
    using fixture = start();
    await budgeted(fixture, status, ready);
    const evicting = send(fixture.client, "POST", `${podsPath}/a/eviction`, { metadata: { name: "a" } });
    if (code !== undefined) return assert.equal((await refusal(evicting)).code, code);
    await evicting;
    assert.notEqual(Reflect.get((await pod(fixture, "a")).metadata, "deletionTimestamp"), undefined);
    const budget = await send(fixture.client, "GET", `${budgets}/b`);
    assert(isJsonObject(budget) && isJsonObject(budget["status"]));
    assert.deepEqual(budget["status"]["disruptedPods"], ready ? { a: "2026-01-01T00:00:00Z" } : undefined);
    assert.equal(budget["status"]["disruptionsAllowed"], 0);
  });
}
