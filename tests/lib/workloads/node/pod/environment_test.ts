import assert from "node:assert/strict";
import type { Container, Pod } from "../../../../../lib/workloads/kinds/mod.ts";
import { containerEnvironment, fieldValue, type KeyedData } from "../../../../../lib/workloads/node/pod/environment.ts";
import { assignPorts } from "../../../../../lib/workloads/node/pod/pod_ports.ts";
import { volumeContent } from "../../../../../lib/workloads/node/pod/volume_files.ts";
import { PortAllocator } from "../../../../../lib/workloads/node/port_allocator.ts";
import { seededRandom } from "../../../../../lib/util/random.ts";

const pod: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "a",
    namespace: "team",
    uid: "u-1",
    labels: { "app.kubernetes.io/name": "web", b: "2" },
    annotations: { note: 'say "hi"' },
  },
  spec: { nodeName: "local", serviceAccountName: "robot", containers: [] },
};
const bytes = (data: Record<string, string>): KeyedData =>
  Object.fromEntries(Object.entries(data).map(([key, text]) => [key, new TextEncoder().encode(text)]));
const data = {
  configMap: (name: string) => Promise.resolve(name === "config" ? bytes({ a: "1", b: "2" }) : undefined),
  secret: (name: string) => Promise.resolve(name === "secret" ? bytes({ password: "p" }) : undefined),
};
const environment = async (container: Omit<Container, "name">): Promise<Record<string, string>> =>
  Object.fromEntries(await containerEnvironment(pod, { name: "c", ...container }, { BASE: "x" }, data));

const fields: readonly (readonly [path: string, value: string])[] = [
  ["metadata.name", "a"],
  ["metadata.namespace", "team"],
  ["metadata.uid", "u-1"],
  ["metadata.labels['app.kubernetes.io/name']", "web"],
  ["metadata.labels['none']", ""],
  ["metadata.annotations['note']", 'say "hi"'],
  ["metadata.labels", 'app.kubernetes.io/name="web"\nb="2"'],
  ["spec.nodeName", "local"],
  ["spec.serviceAccountName", "robot"],
  ["status.podIP", "127.0.0.1"],
  ["status.hostIP", "127.0.0.1"],
];
for (const [path, value] of fields) {
  Deno.test(`fieldValue() of ${path} is ${JSON.stringify(value)}`, () => assert.equal(fieldValue(pod, path), value));
}

Deno.test("containerEnvironment() takes later values, with references to earlier ones", async () => {
  const found = await environment({
    envFrom: [{ configMapRef: { name: "config" } }, { prefix: "S_", secretRef: { name: "secret" } }],
    env: [
      { name: "a", value: "own" },
      { name: "C", value: "$(a) $(b) $(S_password) $(LATER) $$(a)" },
      { name: "LATER", value: "$(BASE)" },
      { name: "ME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "KEY", valueFrom: { secretKeyRef: { name: "secret", key: "password" } } },
      { name: "MAYBE", valueFrom: { configMapKeyRef: { name: "none", key: "x", optional: true } } },
    ],
  });
  assert.deepEqual(found, {
    BASE: "x",
    a: "own",
    b: "2",
    S_password: "p",
    C: "own 2 p $(LATER) $(a)",
    LATER: "x",
    ME: "a",
    KEY: "p",
  });
});

const refusals: readonly (readonly [container: Omit<Container, "name">, message: RegExp])[] = [
  [{ envFrom: [{ configMapRef: { name: "none" } }] }, /^configmap "none" not found$/],
  [
    { env: [{ name: "X", valueFrom: { secretKeyRef: { name: "secret", key: "x" } } }] },
    /^couldn't find key x in secret/,
  ],
  [
    { env: [{ name: "X", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } }] },
    /variable X .* resourceFieldRef/,
  ],
  [{ env: [{ name: "X", valueFrom: { fieldRef: { fieldPath: "spec.x" } } }] }, /field spec.x is not supported/],
];
for (const [container, message] of refusals) {
  Deno.test(`containerEnvironment() refuses ${JSON.stringify(container)}`, async () => {
    await assert.rejects(environment(container), { name: "ContainerConfigError", message });
  });
}

Deno.test("volumeContent() reads what the admission plugin ServiceAccount projects", async () => {
  const { files, tokens } = await volumeContent(pod, {
    name: "kube-api-access-x",
    projected: {
      sources: [
        { serviceAccountToken: { path: "token", expirationSeconds: 3_607 } },
        { configMap: { name: "config", items: [{ key: "a", path: "deep/ca.crt" }] } },
        { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
      ],
    },
  }, data);
  assert.deepEqual(files.map(({ path, content }) => [path, new TextDecoder().decode(content)]), [
    ["deep/ca.crt", "1"],
    ["namespace", "team"],
  ]);
  assert.deepEqual(tokens, [{ path: "token", expirationSeconds: 3_607 }]);
});

Deno.test("volumeContent() takes no path that leads out of the volume", async () => {
  for (const path of ["../x", "/etc/passwd", "a/../../x"]) {
    const volume = { name: "v", configMap: { name: "config", items: [{ key: "a", path }] } };
    await assert.rejects(volumeContent(pod, volume, data), /is no path inside of a volume/);
  }
});

Deno.test("volumeContent() asks for what is not optional", async () => {
  const secret = (optional: boolean): Parameters<typeof volumeContent>[1] => ({
    name: "v",
    secret: { secretName: "none", optional },
  });
  assert.deepEqual((await volumeContent(pod, secret(true), data)).files, []);
  await assert.rejects(volumeContent(pod, secret(false), data), /secret "none" not found/);
});

Deno.test("assignPorts() gives each port a free one, but hostPort and hostNetwork their own", () => {
  let next = 20_000;
  const withPorts = (spec: Partial<Pod["spec"]>): Pod => ({
    ...pod,
    spec: {
      ...pod.spec,
      containers: [{
        name: "c",
        ports: [{ containerPort: 80, name: "http" }, { containerPort: 81, hostPort: 8_081 }, {
          containerPort: 53,
          protocol: "UDP",
        }],
        livenessProbe: { tcpSocket: { port: 90 } },
      }],
      ...spec,
    },
  });
  assert.deepEqual(assignPorts(withPorts({}), () => next++), {
    ports: { "80": 20_000, http: 20_000, "81": 8_081, "90": 20_001 },
    allocated: [20_000, 20_001],
  });
  assert.deepEqual(assignPorts(withPorts({ hostNetwork: true }), () => next++), {
    ports: { "80": 80, http: 80, "81": 81, "90": 90 },
    allocated: [],
  });
});

Deno.test("a PortAllocator gives no port twice until it is released", () => {
  const allocator = new PortAllocator(seededRandom(1), (port) => port % 3 === 0);
  const given = Array.from({ length: 500 }, () => allocator.allocate());
  assert.equal(new Set(given).size, 500);
  assert.deepEqual(given.filter((port) => port % 3 !== 0), []);
  const [first = 0] = given;
  const single = new PortAllocator({ next: () => (first - 20_000 + 0.5) / 12_000 }, () => true);
  assert.equal(single.allocate(), first);
  assert.throws(() => single.allocate(), /cannot find a free port/);
  single.release(first);
  assert.equal(single.allocate(), first);
  const none = new PortAllocator(seededRandom(1), () => false);
  assert.throws(() => none.allocate(), /cannot find a free port between 20000 and 31999/);
});
