import assert from "node:assert/strict";
import { printerOf } from "../../../../lib/apiserver/printers/mod.ts";
import { customPrinter } from "../../../../lib/apiserver/printers/custom_printer.ts";
import type { JSONObject, JSONValue } from "../../../../lib/k8s/contract.ts";

const now = Date.parse("2026-11-21T12:00:00Z");
const metadata = { name: "x", creationTimestamp: "2026-11-21T11:59:00Z" };
const selector = {
  matchLabels: { b: "c", a: "b" },
  matchExpressions: [
    { key: "k", operator: "In", values: ["2", "1"] },
    { key: "l", operator: "NotIn", values: ["3"] },
    { key: "m", operator: "Exists" },
    { key: "n", operator: "DoesNotExist" },
  ],
};
const selected = "a=b,b=c,k in (1,2),l notin (3),m,!n";
const template = {
  spec: { containers: [{ name: "a", image: "i" }, { name: "b", image: "j" }], nodeSelector: { disk: "ssd" } },
};
const running = { containerStatuses: [{ name: "a", ready: true, restartCount: 0, state: { running: {} } }] };
const one = { containers: [{ name: "a", image: "i" }] };

/** Rows that a kube-apiserver 1.36 shows for such objects. */
const rows: readonly (readonly [resource: string, what: string, object: JSONObject, cells: readonly JSONValue[]])[] = [
  ["/namespaces", "its phase", { status: { phase: "Active" } }, ["x", "Active", "60s"]],
  ["/secrets", "the number of entries", { type: "Opaque", data: { a: "", b: "" } }, ["x", "Opaque", 2, "60s"]],
  ["/configmaps", "text and binary entries", { data: { a: "" }, binaryData: { b: "" } }, ["x", 2, "60s"]],
  ["/serviceaccounts", "its age", {}, ["x", "60s"]],
  [
    "/services",
    "ports and selector",
    {
      spec: {
        type: "NodePort",
        clusterIP: "10.0.0.1",
        clusterIPs: ["10.0.0.1"],
        selector: { c: "d", a: "b" },
        ports: [{ port: 80, protocol: "TCP", nodePort: 30_001 }, { port: 81, protocol: "UDP" }],
      },
    },
    ["x", "NodePort", "10.0.0.1", "<none>", "80:30001/TCP,81/UDP", "60s", "a=b,c=d"],
  ],
  [
    "/services",
    "that it waits for its address",
    { spec: { type: "LoadBalancer", clusterIP: "None" } },
    ["x", "LoadBalancer", "None", "<pending>", "<none>", "60s", "<none>"],
  ],
  [
    "/services",
    "the name that it stands for",
    { spec: { type: "ExternalName", externalName: "a.b" } },
    ["x", "ExternalName", "<none>", "a.b", "<none>", "60s", "<none>"],
  ],
  [
    "/nodes",
    "state and roles",
    {
      metadata: { ...metadata, labels: { "node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/a": "" } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: "Ready", status: "True" }],
        addresses: [{ type: "InternalIP", address: "1.2.3.4" }],
        nodeInfo: { kubeletVersion: "v1.36.3", osImage: "os" },
      },
    },
    [
      "x",
      "Ready,SchedulingDisabled",
      "a,worker",
      "60s",
      "v1.36.3",
      "1.2.3.4",
      "<none>",
      "os",
      "<unknown>",
      "<unknown>",
    ],
  ],
  [
    "/events",
    "the last of several",
    {
      involvedObject: { kind: "Pod", name: "p", fieldPath: "spec.x" },
      type: "Normal",
      reason: "Because",
      message: " hello \n there\n",
      source: { component: "kubelet", host: "h" },
      firstTimestamp: "2026-11-21T11:00:00Z",
      lastTimestamp: "2026-11-21T11:30:00Z",
      count: 7,
    },
    ["30m", "Normal", "Because", "pod/p", "spec.x", "kubelet, h", "hello \n there", "60m", 7, "x"],
  ],
  [
    "events.k8s.io/events",
    "a series",
    {
      regarding: { kind: "Secret", name: "s" },
      type: "Warning",
      reason: "Because",
      note: "hello",
      reportingController: "a.b/c",
      reportingInstance: "c-1",
      eventTime: "2026-11-21T11:10:00.000000Z",
      series: { count: 3, lastObservedTime: "2026-11-21T11:40:00.000000Z" },
    },
    ["20m", "Warning", "Because", "secret/s", "", "a.b/c, c-1", "hello", "50m", 3, "x"],
  ],
  [
    "coordination.k8s.io/leases",
    "who holds it",
    { spec: { holderIdentity: "me" } },
    ["x", "me", "60s"],
  ],
  ["admissionregistration.k8s.io/mutatingwebhookconfigurations", "their number", { webhooks: [{}] }, ["x", 1, "60s"]],
  [
    "apiextensions.k8s.io/customresourcedefinitions",
    "when it was created",
    {},
    ["x", "2026-11-21T11:59:00Z"],
  ],
  [
    "apps/deployments",
    "its pods",
    {
      spec: { replicas: 3, selector, template },
      status: { readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2 },
    },
    ["x", "2/3", 1, 2, "60s", "a,b", "i,j", selected],
  ],
  [
    "apps/replicasets",
    "its pods",
    { spec: { replicas: 3, selector, template }, status: { replicas: 2, readyReplicas: 1 } },
    ["x", 3, 2, 1, "60s", "a,b", "i,j", selected],
  ],
  ["apps/statefulsets", "its pods", { spec: { replicas: 3, template } }, ["x", "0/3", "60s", "a,b", "i,j"]],
  [
    "apps/daemonsets",
    "its pods",
    { spec: { selector: {}, template }, status: { desiredNumberScheduled: 3, numberReady: 2 } },
    ["x", 3, 0, 2, 0, 0, "disk=ssd", "60s", "a,b", "i,j", "<none>"],
  ],
  [
    "apps/controllerrevisions",
    "its owner",
    {
      metadata: {
        ...metadata,
        ownerReferences: [{ apiVersion: "apps/v1", kind: "StatefulSet", name: "s", controller: true }],
      },
      revision: 4,
    },
    ["x", "statefulset.apps/s", 4, "60s"],
  ],
  [
    "networking.k8s.io/ingresses",
    "four hosts",
    { spec: { tls: [{}], rules: ["a", "b", "c", "d"].map((host) => ({ host })) } },
    ["x", "<none>", "a,b,c + 1 more...", "", "80, 443", "60s"],
  ],
  ["networking.k8s.io/ingresses", "any host", { spec: { ingressClassName: "c" } }, ["x", "c", "*", "", "80", "60s"]],
  ["networking.k8s.io/ingressclasses", "its controller", { spec: { controller: "a/b" } }, [
    "x",
    "a/b",
    "<none>",
    "60s",
  ]],
  [
    "networking.k8s.io/networkpolicies",
    "its pods",
    { spec: { podSelector: { matchLabels: { a: "b" } } } },
    ["x", "a=b", "60s"],
  ],
  ["rbac.authorization.k8s.io/roles", "when it was created", {}, ["x", "2026-11-21T11:59:00Z"]],
  [
    "rbac.authorization.k8s.io/rolebindings",
    "who gets what",
    {
      roleRef: { kind: "ClusterRole", name: "r" },
      subjects: [
        { kind: "User", name: "u" },
        { kind: "User", name: "v" },
        { kind: "Group", name: "g" },
        { kind: "ServiceAccount", namespace: "n", name: "s" },
      ],
    },
    ["x", "ClusterRole/r", "60s", "u, v", "g", "n/s"],
  ],
  [
    "/pods",
    "that it waits",
    { spec: { ...one, readinessGates: [{ conditionType: "g" }] }, status: { phase: "Pending" } },
    ["x", "0/1", "Pending", "0", "60s", "<none>", "<none>", "<none>", "0/1"],
  ],
  [
    "/pods",
    "that it runs",
    { spec: { ...one, nodeName: "n" }, status: { phase: "Running", podIP: "1.2.3.4", ...running } },
    ["x", "1/1", "Running", "0", "60s", "1.2.3.4", "n", "<none>", "<none>"],
  ],
  [
    "/pods",
    "that it is going",
    { metadata: { ...metadata, deletionTimestamp: "x" }, spec: one, status: { phase: "Running", ...running } },
    ["x", "1/1", "Terminating", "0", "60s", "<none>", "<none>", "<none>", "<none>"],
  ],
  [
    "/pods",
    "why it does not run",
    {
      spec: one,
      status: {
        phase: "Running",
        containerStatuses: [{
          name: "a",
          restartCount: 3,
          state: { waiting: { reason: "CrashLoopBackOff" } },
          lastState: { terminated: { finishedAt: "2026-11-21T11:58:00Z" } },
        }],
      },
    },
    ["x", "0/1", "CrashLoopBackOff", "3 (2m ago)", "60s", "<none>", "<none>", "<none>", "<none>"],
  ],
  [
    "/pods",
    "how it ended",
    { spec: one, status: { phase: "Failed", containerStatuses: [{ state: { terminated: { exitCode: 3 } } }] } },
    ["x", "0/1", "ExitCode:3", "0", "60s", "<none>", "<none>", "<none>", "<none>"],
  ],
  [
    "/pods",
    "what is initialized",
    {
      spec: { ...one, initContainers: [{ name: "i" }, { name: "j" }] },
      status: {
        phase: "Pending",
        initContainerStatuses: [{ name: "i", state: { terminated: { exitCode: 0 } } }, { name: "j", state: {} }],
      },
    },
    ["x", "0/1", "Init:1/2", "0", "60s", "<none>", "<none>", "<none>", "<none>"],
  ],
  ["other.io/things", "when it was created", {}, ["x", "2026-11-21T11:59:00Z"]],
];

for (const [resource, what, object, cells] of rows) {
  Deno.test(`the row of one of ${resource} shows ${what}`, () => {
    const [group = "", plural = ""] = resource.split("/");
    const printer = printerOf({ group, plural });
    assert.deepEqual(printer.cells({ metadata, ...object }, now), cells);
    assert.equal(printer.columns.length, cells.length);
  });
}

const version = {
  additionalPrinterColumns: [
    { name: "Object", type: "string", jsonPath: ".spec.object" },
    { name: "All", type: "string", jsonPath: ".spec.list[*]" },
    { name: "Text", type: "integer", jsonPath: ".spec.text" },
    { name: "Number", type: "string", jsonPath: ".spec.number" },
    { name: "Fraction", type: "number", jsonPath: ".spec.number" },
    { name: "Whole", type: "integer", jsonPath: ".spec.number" },
    { name: "Switch", type: "boolean", jsonPath: ".spec.switch", priority: 1, description: "On?", format: "f" },
    { name: "Date", type: "date", jsonPath: ".spec.date" },
    { name: "Bad", type: "date", jsonPath: ".spec.text" },
    { name: "None", type: "string", jsonPath: ".spec.none" },
    { name: "Deep", type: "string", jsonPath: "..deep" },
  ],
};

Deno.test("customPrinter() shows the columns of the definition, by type", () => {
  const printer = customPrinter(version);
  const spec = {
    object: { b: 1, a: ["<", null] },
    list: ["x", "y"],
    text: "abc",
    number: 1.5,
    switch: true,
    date: "2020-01-01T00:00:00Z",
    none: null,
  };
  assert.deepEqual(printer.cells({ metadata, spec }, now), [
    "x",
    '{"a":["\\u003c",null],"b":1}',
    "x",
    null,
    "1.5",
    1.5,
    1,
    true,
    "6y326d",
    "<invalid>",
    null,
    "<unsupported path>",
  ]);
  assert.deepEqual(printer.columns[7], {
    name: "Switch",
    type: "boolean",
    format: "f",
    description: "On?",
    priority: 1,
  });
});

Deno.test("custom resources without columns show their age", () => {
  const printer = printerOf({ group: "x.io", plural: "things", custom: true });
  assert.deepEqual(printer.cells({ metadata }, now), ["x", "60s"]);
  assert.deepEqual(printer.columns.map(({ type }) => type), ["string", "date"]);
});
