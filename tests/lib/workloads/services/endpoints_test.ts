import assert from "node:assert/strict";
import type { Service } from "../../../../lib/workloads/kinds/mod.ts";
import { endpoints, type LocalPod, selects, servicePort } from "../../../../lib/workloads/services/endpoints.ts";

const service: Service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "default" },
  spec: {
    selector: { app: "web" },
    ports: [{ port: 443, targetPort: "https", name: "tls" }, { port: 80 }],
  },
};

function podOf(state: string, port: number, labels: Record<string, string> = { app: "web" }): LocalPod {
  return {
    pod: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", namespace: "default", labels },
      spec: { containers: [] },
    },
    ready: state.includes("ready"),
    terminating: state.includes("terminating"),
    ports: { https: port, "8443": port },
  };
}

const cases:
  readonly (readonly [pods: readonly (readonly [state: string, port: number])[], expected: readonly number[]])[] = [
    [[], []],
    [[["ready", 1], ["", 2], ["ready", 3]], [1, 3]],
    [[["ready terminating", 1], ["ready", 2]], [2]],
    [[["ready terminating", 1], ["", 2]], [1]],
    [[["terminating", 1]], []],
  ];
for (const [pods, expected] of cases) {
  Deno.test(`endpoints() of ${JSON.stringify(pods)} are ${JSON.stringify(expected)}`, () => {
    const port = servicePort(service, 443) ?? assert.fail();
    assert.deepEqual(endpoints(service, port, pods.map(([state, number]) => podOf(state, number))), expected);
  });
}

Deno.test("endpoints() takes a port by number as the pod has it on this machine, else as it is", () => {
  const at = (targetPort?: number): readonly number[] =>
    endpoints(service, { port: 8_443, ...(targetPort === undefined ? {} : { targetPort }) }, [podOf("ready", 1)]);
  assert.deepEqual([at(), at(8_443), at(9_000)], [[1], [1], [9_000]]);
});

Deno.test("selects() needs a selector, its labels and the same namespace", () => {
  assert.equal(selects(service, podOf("", 1).pod), true);
  assert.equal(selects(service, podOf("", 1, { app: "other" }).pod), false);
  assert.equal(selects({ ...service, spec: {} }, podOf("", 1).pod), false);
  assert.equal(selects({ ...service, metadata: { name: "web", namespace: "x" } }, podOf("", 1).pod), false);
});

Deno.test("servicePort() finds a port by number and by name", () => {
  assert.equal(servicePort(service, "tls")?.port, 443);
  assert.equal(servicePort(service, 80)?.port, 80);
  assert.equal(servicePort(service, 8_443), undefined);
});
