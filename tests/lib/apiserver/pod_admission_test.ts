import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import type { JSONObject } from "../../../lib/k8s/contract.ts";
import { type Fixture, refusal, send, start } from "./fixture.ts";
import { createPod, pods } from "./pod_fixture.ts";

async function specOf(fixture: Fixture, name: string): Promise<JSONObject> {
  const { spec = {} } = await new Api(fixture.client, pods, { namespace: "default" }).get(name);
  return spec;
}

async function withAccount(account: JSONObject = {}): Promise<Fixture> {
  const fixture = start({ serviceAccounts: true });
  await send(fixture.client, "POST", "/api/v1/namespaces/default/serviceaccounts", {
    metadata: { name: "default" },
    ...account,
  });
  return fixture;
}

const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

Deno.test("a pod gets its namespace's account, and a volume with what it needs to reach the server", async () => {
  using fixture = await withAccount();
  await createPod(fixture, "a");
  const { serviceAccountName, serviceAccount, volumes, containers } = await specOf(fixture, "a");
  assert.deepEqual([serviceAccountName, serviceAccount], ["default", "default"]);
  assert(Array.isArray(volumes) && Array.isArray(containers));
  const [volume] = volumes;
  const name = String(Reflect.get(Object(volume), "name"));
  assert.match(name, /^kube-api-access-[a-z0-9]{5}$/);
  assert.deepEqual(Reflect.get(Object(volume), "projected"), {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      {
        downwardAPI: {
          items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
        },
      },
    ],
    defaultMode: 420,
  });
  assert.deepEqual(containers.map((each) => Reflect.get(Object(each), "volumeMounts")), [
    [{ name, readOnly: true, mountPath }],
  ]);
});

Deno.test("a pod whose account there is not is refused, under its generated name's beginning", async () => {
  using fixture = start({ serviceAccounts: true });
  const spec = { serviceAccountName: "none", containers: [{ name: "c", image: "i" }] };
  const body = { metadata: { generateName: "web-" }, spec };
  assert.deepEqual(await refusal(send(fixture.client, "POST", "/api/v1/namespaces/default/pods", body)), {
    code: 403,
    reason: "Forbidden",
    message: 'pods "web-" is forbidden: error looking up service account default/none: serviceaccount "none" not found',
  });
});

const mounts: readonly (readonly [string, JSONObject, JSONObject, boolean])[] = [
  ["the pod wants none", {}, { automountServiceAccountToken: false }, false],
  ["its account wants none", { automountServiceAccountToken: false }, {}, false],
  ["the pod wants one and its account none", { automountServiceAccountToken: false }, {
    automountServiceAccountToken: true,
  }, true],
  ["something is mounted there", {}, {
    containers: [{ name: "c", image: "i", volumeMounts: [{ name: "v", mountPath }] }],
    volumes: [{ name: "v", emptyDir: {} }],
  }, false],
];

for (const [name, account, spec, expected] of mounts) {
  Deno.test(`a pod gets ${expected ? "a" : "no"} token when ${name}`, async () => {
    using fixture = await withAccount(account);
    await createPod(fixture, "a", spec);
    const { volumes } = await specOf(fixture, "a");
    assert.equal(JSON.stringify(volumes ?? []).includes("kube-api-access-"), expected);
  });
}

Deno.test("a pod takes over its account's secrets for images unless it names some, and a volume that is there", async () => {
  using fixture = await withAccount({ imagePullSecrets: [{ name: "x" }] });
  await createPod(fixture, "a");
  await createPod(fixture, "b", {
    imagePullSecrets: [{ name: "y" }],
    volumes: [{ name: "kube-api-access-mine", emptyDir: {} }],
  });
  assert.deepEqual((await specOf(fixture, "a"))["imagePullSecrets"], [{ name: "x" }]);
  const { imagePullSecrets, volumes } = await specOf(fixture, "b");
  assert.deepEqual([imagePullSecrets, volumes], [[{ name: "y" }], [{ name: "kube-api-access-mine", emptyDir: {} }]]);
});

const missing = (key: string): JSONObject => {
  return { key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 };
};
const notReady = "node.kubernetes.io/not-ready";
const unreachable = "node.kubernetes.io/unreachable";

const tolerations: readonly (readonly [string, JSONObject[], readonly string[]])[] = [
  ["none", [], [notReady, unreachable]],
  ["one for everything", [{ operator: "Exists" }], []],
  ["one for another effect", [{ key: notReady, operator: "Exists", effect: "NoSchedule" }], [notReady, unreachable]],
  ["one for a node that is not ready", [{ key: notReady, operator: "Exists" }], [unreachable]],
];

for (const [name, given, added] of tolerations) {
  Deno.test(`a pod with ${name} tolerates what is missing for five minutes`, async () => {
    using fixture = start();
    await createPod(fixture, "a", { tolerations: given });
    assert.deepEqual((await specOf(fixture, "a"))["tolerations"] ?? [], [...given, ...added.map(missing)]);
  });
}

const priorities: readonly (readonly [JSONObject, number | string])[] = [
  [{}, 0],
  [{ priorityClassName: "system-node-critical" }, 2_000_001_000],
  [{ priorityClassName: "none" }, "no PriorityClass with name none was found"],
  [
    { priority: 5 },
    "the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 " +
    "from the given PriorityClass name",
  ],
];

for (const [spec, expected] of priorities) {
  Deno.test(`a pod with ${JSON.stringify(spec)} has the priority ${expected}`, async () => {
    using fixture = start();
    const body = { metadata: { name: "a" }, spec: { containers: [{ name: "c", image: "i" }], ...spec } };
    const made = send(fixture.client, "POST", "/api/v1/namespaces/default/pods", body);
    if (typeof expected === "string") {
      return assert.equal((await refusal(made)).message, `pods "a" is forbidden: ${expected}`);
    }
    await made;
    assert.equal((await specOf(fixture, "a"))["priority"], expected);
  });
}

const changes: readonly (readonly [JSONObject, string | undefined])[] = [
  [{ containers: [{ name: "c", image: "other" }] }, undefined],
  [{ activeDeadlineSeconds: 5 }, undefined],
  [{ tolerations: [] }, undefined],
  [{ nodeName: "n" }, "spec: Forbidden: pod updates may not change fields other than"],
  [{ schedulerName: "mine" }, "spec: Forbidden: pod updates may not change fields other than"],
  [
    { containers: [{ name: "c", image: "i" }, { name: "d", image: "i" }] },
    "spec.containers: Forbidden: pod updates may not add or remove containers",
  ],
];

for (const [spec, expected] of changes) {
  Deno.test(`a pod may ${expected === undefined ? "" : "not "}be changed to ${JSON.stringify(spec)}`, async () => {
    using fixture = start();
    await createPod(fixture, "a");
    const changed = new Api(fixture.client, pods, { namespace: "default" }).patch("a", {
      type: "merge",
      patch: { spec },
    });
    if (expected === undefined) await changed;
    else {
      const { code, message } = await refusal(changed);
      assert.deepEqual([code, message.startsWith(`Pod "a" is invalid: ${expected}`)], [422, true]);
    }
  });
}

Deno.test("a gate keeps a pod from being scheduled until it is taken away", async () => {
  using fixture = start();
  await createPod(fixture, "a", { schedulingGates: [{ name: "example.com/x" }] });
  const api = new Api(fixture.client, pods, { namespace: "default" });
  const { status } = await api.get("a");
  assert.deepEqual(status?.["conditions"], [{
    type: "PodScheduled",
    status: "False",
    lastProbeTime: null,
    lastTransitionTime: "2026-01-01T00:00:00Z",
    reason: "SchedulingGated",
    message: "Scheduling is blocked due to non-empty scheduling gates",
  }]);
  await api.patch("a", { type: "merge", patch: { spec: { schedulingGates: null } } });
  const patch = { spec: { schedulingGates: [{ name: "example.com/y" }] } };
  assert.equal((await refusal(api.patch("a", { type: "merge", patch }))).code, 422);
});

Deno.test("a negative grace period of a pod becomes a second, and that of a template stays", async () => {
  using fixture = start();
  await createPod(fixture, "a", { terminationGracePeriodSeconds: -5 });
  assert.equal((await specOf(fixture, "a"))["terminationGracePeriodSeconds"], 1);
  const labels = { a: "b" };
  const spec = { terminationGracePeriodSeconds: -5, containers: [{ name: "c", image: "i" }] };
  const made = await send(fixture.client, "POST", "/apis/apps/v1/namespaces/default/deployments", {
    metadata: { name: "d" },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
  assert.match(JSON.stringify(made), /"terminationGracePeriodSeconds":-5/);
});
